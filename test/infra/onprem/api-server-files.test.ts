import assert from "node:assert/strict";

import {
  apiServerSettings,
  hasFlags,
} from "../../../infra/onprem/api-server-files";

describe("settings of a host's API server", () => {
  const manifest = (flags: readonly string[]) =>
    [
      "spec:",
      "  containers:",
      "  - command:",
      "    - kube-apiserver",
      ...flags.map((flag) => `    - --${flag}`),
      "    image: registry.k8s.io/kube-apiserver:v1.35.4",
    ].join("\n");
  const all = apiServerSettings.extraArgs.map(
    ({ name, value }) => `${name}=${value}`,
  );

  it("are found in the manifest that kubeadm writes, all or not", () => {
    assert.ok(hasFlags(manifest(["allow-privileged=true", ...all])));
    for (const missing of all)
      assert.ok(
        !hasFlags(manifest(all.filter((flag) => flag !== missing))),
        missing,
      );
    assert.ok(!hasFlags(manifest(all.map((flag) => `${flag}0`))));
    assert.ok(!hasFlags(""));
  });

  it("keep what they read where the API server's container sees it", () => {
    const mounted = [
      "/etc/kubernetes/pki/",
      ...apiServerSettings.extraVolumes.map(({ mountPath }) => `${mountPath}/`),
    ];
    for (const { name, value } of apiServerSettings.extraArgs)
      if (value.startsWith("/"))
        assert.ok(
          mounted.some((folder) => value.startsWith(folder)),
          `${name}: ${value}`,
        );
  });
});
