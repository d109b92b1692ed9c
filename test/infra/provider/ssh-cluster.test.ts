import assert from "node:assert/strict";

import { type Host, sshClusterSchema } from "../../../infra/onprem/hosts";
import { sshClusterStateSchema } from "../../../infra/onprem/state";
import { sshCluster } from "../../../infra/provider/ssh-cluster";
import { host } from "../onprem/host";

const inputs = (hosts: readonly Host[], changes: object = {}) =>
  sshClusterSchema.parse({
    name: "a",
    version: "1.35.4",
    endpoint: "10.0.0.5:6443",
    pods: "10.244.0.0/16",
    services: "10.96.0.0/16",
    lifetime: "long",
    hosts,
    ...changes,
  });

const controls = ["a", "b", "c"].map((name, index) =>
  host(name, { role: "control-plane", address: `10.0.0.${index + 11}` }),
);
const [first, second, third] = controls as [Host, Host, Host];
const worker = host("one", { address: "10.0.0.21" });

describe("changes of a cluster over SSH", () => {
  const olds = inputs([...controls, worker]);
  const far = new Date(Date.now() + 300 * 86_400_000).toISOString();
  const state = (changes: object = {}) =>
    sshClusterStateSchema.parse({
      ...olds,
      kubeconfig: "kubeconfig",
      fingerprints: {},
      certificatesEnd: far,
      secretsEncrypted: true,
      ...changes,
    });
  const diff = (news: object, outs = state()) =>
    sshCluster.diff?.("id", outs, olds, { ...olds, ...news });

  it("never replace a long-lived one", async () => {
    const fourth = host("d", { role: "control-plane", address: "10.0.0.14" });
    const changes = [
      { hosts: [second, third, fourth, worker] },
      { hosts: [...controls] },
      { version: "1.36.0" },
      { ignorePreflightErrors: ["Swap"] },
    ];
    for (const change of changes) {
      const difference = await diff(change);
      assert.deepEqual(difference?.replace, [], JSON.stringify(change));
      const [key = ""] = Object.keys(change);
      assert.ok(difference?.update?.includes(key), key);
    }
    // Neither list has them: the provider refuses their change.
    const fixed = await diff({ pods: "10.245.0.0/16" });
    assert.ok(!fixed?.update?.includes("pods"));
    assert.ok(!fixed?.replace?.includes("pods"));
  });

  it("go on with an upgrade that was cut off, and not back", async () => {
    const cut = state({ upgrading: "1.36.3" });
    const forth = await diff({ version: "1.36.3" }, cut);
    assert.deepEqual(forth?.drifted, ["upgrading"]);
    for (const version of ["1.35.4", "1.36.2"]) {
      await assert.rejects(
        async () => diff({ version }, cut),
        /target\.version: .*: the cluster runs 1\.36\.3, and Kubernetes does not go back/,
      );
    }
  });

  it("leave a short-lived one as it is when its first host goes", async () => {
    const short = { lifetime: "short" as const };
    const difference = await diff({ ...short, hosts: [second, third, worker] });
    assert.ok(!difference?.replace?.includes("hosts"));
    assert.ok(difference?.replace?.includes("pods"));
    const other = host("a", { role: "control-plane", address: "10.0.0.99" });
    const gone = await diff({ ...short, hosts: [other, worker] });
    assert.ok(gone?.replace?.includes("hosts"));
  });

  it("are refused in a preview where no update leads to them", () => {
    const other = host("a", { role: "control-plane", address: "10.0.0.99" });
    assert.throws(
      () => diff({ hosts: [other, worker] }),
      /^Error: target\.hosts: no control-plane host of the cluster stays/,
    );
    assert.throws(
      () => diff({ version: "1.37.0" }),
      /^Error: target\.version: "1\.37\.0": .*one minor version at a time/,
    );
    assert.throws(
      () => diff({ import: "another" }),
      /^Error: target\.import: "another": this stack has the cluster id already/,
    );
    assert.ok(diff({ import: "id" }));
  });

  it("are due where hosts were away, or certificates end", async () => {
    assert.deepEqual((await diff({}))?.drifted, []);
    const soon = new Date(Date.now() + 80 * 86_400_000).toISOString();
    const outs = state({ silent: ["one"], certificatesEnd: soon });
    assert.deepEqual((await diff({}, outs))?.drifted, [
      "silent",
      "certificatesEnd",
    ]);
  });

  it("are due where an earlier release has left secrets unencrypted", async () => {
    const { secretsEncrypted, ...earlier } = state();
    assert.ok(secretsEncrypted);
    const outs = sshClusterStateSchema.parse(earlier);
    assert.deepEqual((await diff({}, outs))?.drifted, ["secretsEncrypted"]);
  });

  it("read what an earlier release stored", () => {
    const later = ["ssh", "lifetime", "import", "installKubelet"];
    const earlier = Object.entries(olds).filter(
      ([key]) => !later.includes(key),
    );
    const stored = sshClusterStateSchema.parse({
      ...Object.fromEntries(earlier),
      hosts: [{ ...first, key: "key" }],
      kubeconfig: "kubeconfig",
      fingerprints: { a: "SHA256:a" },
    });
    assert.equal(stored.certificatesEnd, "");
    assert.equal(stored.hosts[0]?.key, "key");
  });
});
