import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { managing, parseHierarchies } from "../../../infra/local/cgroups";
import { controlPlaneDaemons } from "../../../infra/local/control-plane";
import { dnsObjects } from "../../../infra/local/dns";
import { quote } from "../../../infra/local/execute";
import { placeSchema } from "../../../infra/local/inputs";
import { Layout, placeNodes } from "../../../infra/local/layout";
import {
  cniConfig,
  containerdConfig,
  kubeletConfig,
  nodeDaemons,
  proxyConfig,
} from "../../../infra/local/node";
import { kubeadmConfig } from "../../../infra/local/pki";
import { parseRoutes } from "../../../infra/local/preflight";
import {
  hostsConfig,
  missingImages,
  registryConfig,
} from "../../../infra/local/registry";
import { storageObjects } from "../../../infra/local/storage";
import { daemonScript } from "../../../infra/local/unit";

const layout = new Layout(placeSchema.parse({ name: "test" }));
const [cpu, gpu] = placeNodes(
  {
    pools: [
      { name: "cpu", count: 1, gpus: 0 },
      { name: "gpu", count: 1, gpus: 2 },
    ],
  },
  [],
);
const tool = (binary: string) => `/tools/${binary}`;

describe("cgroup hierarchies", () => {
  const line = (mount: string, type: string, options: string) =>
    `30 25 0:26 / ${mount} rw,relatime shared:5 - ${type} ${type} rw,${options}`;

  it("of version 1 carry the controllers, beside an empty version 2", () => {
    const found = parseHierarchies(
      [
        line("/sys/fs/cgroup/cpu", "cgroup", "cpu"),
        line("/sys/fs/cgroup/systemd", "cgroup", "name=systemd"),
        line("/sys/fs/cgroup/unified", "cgroup2", "nsdelegate"),
        line("/mnt/other", "cgroup2", ""),
      ].join("\n"),
    );
    assert.deepEqual(
      found.map(({ mount }) => mount.split("/").at(-1)),
      ["cpu", "systemd", "unified"],
    );
    assert.deepEqual(
      managing(found).map(({ version }) => version),
      [1, 1],
    );
  });

  it("of version 2 alone carry them all", () => {
    const found = parseHierarchies(line("/sys/fs/cgroup", "cgroup2", ""));
    assert.equal(managing(found)[0]?.version, 2);
  });
});

describe("scripts of daemons", () => {
  it("pass every word as it is", () => {
    const words = ["plain", "two words", "it's", "$HOME", '{"a":1}', ""];
    const printed = execFileSync(
      "sh",
      ["-c", `printf '%s\\n' ${words.map(quote).join(" ")}`],
      { encoding: "utf8" },
    );
    assert.deepEqual(printed.slice(0, -1).split("\n"), words);
  });

  it("replace the shell by the daemon", () =>
    assert.equal(
      daemonScript({
        name: "d",
        command: ["/bin/d", "--a=b c"],
        environment: { GOMEMLIMIT: "1MiB" },
        before: ["true"],
      }),
      "export GOMEMLIMIT=1MiB\ntrue\nexec /bin/d \\\n  '--a=b c'\n",
    ));

  it("are all legal shell", () => {
    assert.ok(cpu && gpu);
    const daemons = [
      ...controlPlaneDaemons(layout, tool),
      ...nodeDaemons(layout, cpu, tool),
      ...nodeDaemons(layout, gpu, tool),
    ];
    assert.equal(daemons.length, 11);
    for (const daemon of daemons) {
      execFileSync("sh", ["-n"], { input: daemonScript(daemon) });
    }
  });

  it("limit the memory of every Go program", () => {
    for (const { name, environment } of controlPlaneDaemons(layout, tool)) {
      assert.ok(environment?.["GOMEMLIMIT"], name);
    }
  });
});

describe("configuration of a node", () => {
  it("gives each kubelet a cgroup of its own", () => {
    assert.ok(cpu && gpu);
    const root = (node: typeof cpu) =>
      Reflect.get(kubeletConfig(layout, node), "cgroupRoot");
    assert.notEqual(root(cpu), root(gpu));
  });

  it("taints the nodes with accelerators, and no others", () => {
    assert.ok(cpu && gpu);
    const taints = (node: typeof cpu): unknown =>
      Reflect.get(kubeletConfig(layout, node), "registerWithTaints");
    assert.equal(taints(cpu), undefined);
    assert.deepEqual(taints(gpu), [
      { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" },
    ]);
  });

  it("labels every node with its pool and advertises accelerators after each start", () => {
    assert.ok(cpu && gpu);
    const kubelet = (node: typeof cpu) =>
      nodeDaemons(layout, node, tool).find(({ name }) => name === "kubelet");
    assert.match(
      kubelet(cpu)?.command.join(" ") ?? "",
      /--node-labels=mlstack\.dev\/pool=cpu$/,
    );
    const before = kubelet(gpu)?.before?.join("\n") ?? "";
    assert.match(before, /"nvidia\.com\/gpu":"2"/);
    assert.doesNotMatch(kubelet(cpu)?.before?.join("\n") ?? "", /nvidia/);
  });

  it("pulls through the cluster's registry", () => {
    assert.ok(cpu);
    assert.match(
      containerdConfig(layout, cpu, "/usr/sbin/runc"),
      /config_path = "\/var\/lib\/mlstack\/test\/certs\.d"/,
    );
    assert.equal(
      hostsConfig(layout, "http://10.89.0.1:5000"),
      'server = "http://10.89.0.1:5000"\n[host."http://10.89.0.1:5000"]\ncapabilities = ["pull", "resolve"]\n',
    );
    assert.match(
      registryConfig(layout, "/registry"),
      /"readonly":\{"enabled":true\}/,
    );
  });

  it("keeps the addresses of pods as they are", () => {
    assert.ok(gpu);
    const text = JSON.stringify(cniConfig(layout, gpu));
    assert.match(text, /"ipMasq":false/);
    assert.match(text, /"subnet":"10\.244\.1\.0\/24"/);
    assert.match(JSON.stringify(proxyConfig(layout)), /"maxPerCore":0,"min":0/);
  });
});

describe("images of the cluster", () => {
  it("are missing where no tag of theirs is stored", () =>
    assert.deepEqual(
      missingImages("/nowhere", ["registry.k8s.io/pause:3.10.1"]),
      ["registry.k8s.io/pause:3.10.1"],
    ));
});

describe("certificates", () => {
  it("are issued for the gateway, with short keys", () => {
    const text = kubeadmConfig(layout, "cpu-0", "1.35.4");
    assert.match(text, /"advertiseAddress":"10\.89\.0\.1"/);
    assert.match(text, /"encryptionAlgorithm":"ECDSA-P256"/);
    assert.match(text, /"kubernetesVersion":"v1\.35\.4"/);
    assert.match(text, /"certificateValidityPeriod":"87600h"/);
    assert.match(text, /"caCertificateValidityPeriod":"175200h"/);
  });
});

describe("routes of this machine", () => {
  it("are read without the default one", () =>
    assert.deepEqual(
      parseRoutes(
        [
          "default via 192.0.2.1 dev eth0",
          "192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2",
          "10.1.2.3 via 192.0.2.9 dev eth0",
          "",
        ].join("\n"),
      ),
      [
        { range: "192.0.2.0/24", device: "eth0" },
        { range: "10.1.2.3/32", device: "eth0" },
      ],
    ));
});

describe("objects of every cluster", () => {
  it("have names of their own", () => {
    const names = [...dnsObjects(layout), ...storageObjects(layout)].map(
      ({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`,
    );
    assert.equal(new Set(names).size, names.length);
  });

  it("name images by upstream reference and a fixed tag", () => {
    const text = JSON.stringify([
      ...dnsObjects(layout),
      ...storageObjects(layout),
    ]);
    const images = [...text.matchAll(/"image\\?":\\?"([^"\\]+)/g)].map(
      ([, image = ""]) => image,
    );
    assert.equal(images.length, 3);
    for (const image of images) {
      assert.match(image, /^(registry\.k8s\.io|docker\.io)\/.+:v?\d/);
    }
  });
});
