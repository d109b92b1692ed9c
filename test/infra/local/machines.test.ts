import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  handDown,
  managing,
  parseHierarchies,
} from "../../../infra/local/cgroups";
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
import { lackOfInotify, parseRoutes } from "../../../infra/local/preflight";
import {
  hostsConfig,
  missingImages,
  registryConfig,
} from "../../../infra/local/registry";
import { storageObjects } from "../../../infra/local/storage";
import { daemonScript } from "../../../infra/local/unit";
import { podPidsLimit } from "../../../infra/pod-processes";
import { describeProblem } from "../../../infra/problem";

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

describe("controllers of cgroup version 2", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mlstack-cgroup-"));
    writeFileSync(join(folder, "cgroup.subtree_control"), "");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const offers = (...controllers: string[]) =>
    writeFileSync(join(folder, "cgroup.controllers"), controllers.join(" "));
  const handed = () =>
    readFileSync(join(folder, "cgroup.subtree_control"), "utf8");

  // Files stand for the kernel's, of which each write is a command of its own: the last one is seen.
  it("are handed down one by one, those that are used", async () => {
    offers("cpu", "memory", "rdma", "misc");
    await handDown(folder);
    assert.equal(handed(), "+memory");
  });

  it("are left alone where they are handed down already", async () => {
    offers("cpu", "memory");
    writeFileSync(join(folder, "cgroup.subtree_control"), "cpu memory\n");
    await handDown(folder);
    assert.equal(handed(), "cpu memory\n");
  });

  it("are refused in words where one that is needed cannot be had; any other is done without", async () => {
    rmSync(join(folder, "cgroup.subtree_control"));
    // The kernel lets everyone read this file, and nobody write it.
    symlinkSync("/proc/version", join(folder, "cgroup.subtree_control"));
    offers("hugetlb", "io");
    await handDown(folder);
    offers("hugetlb", "memory");
    await assert.rejects(
      handDown(folder),
      /cgroup\.subtree_control: the controller memory cannot be handed down \(.*\); run outside of a restricted container/,
    );
  });
});

describe("limits on watching files", () => {
  const enough = { max_user_instances: 128, max_user_watches: 65_536 };

  it("are enough for the nodes of the local stack by default", () =>
    assert.deepEqual(lackOfInotify(2, enough), []));

  it("are told with what to write", () =>
    assert.deepEqual(
      lackOfInotify(8, { ...enough, max_user_watches: 8192 }).map(
        describeProblem,
      ),
      [
        "fs.inotify.max_user_instances: 128: is too few for 8 nodes; write sysctl -w fs.inotify.max_user_instances=256, and the same in /etc/sysctl.d to keep it",
        "fs.inotify.max_user_watches: 8192: is too few for 8 nodes; write sysctl -w fs.inotify.max_user_watches=32768, and the same in /etc/sysctl.d to keep it",
      ],
    ));
});

describe("logs of daemons", () => {
  it("are copied and emptied once they are long, while their writers append", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mlstack-logs-"));
    const script = join(__dirname, "../../../infra/local/rotate-logs.sh");
    const rotate = () => execFileSync("sh", [script, folder, "1000"]);
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    try {
      const log = await open(join(folder, "kubelet.log"), "a");
      writeFileSync(join(folder, "short.log"), "short");
      await log.write("a".repeat(1001));
      rotate();
      await log.write("b");
      assert.equal(read("kubelet.log"), "b");
      assert.equal(read("kubelet.log.1"), "a".repeat(1001));
      await log.write("c".repeat(1000));
      rotate();
      rotate();
      assert.equal(read("kubelet.log"), "");
      assert.equal(read("kubelet.log.1"), `b${"c".repeat(1000)}`);
      assert.deepEqual(readdirSync(folder).sort(), [
        "kubelet.log",
        "kubelet.log.1",
        "short.log",
      ]);
      await log.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
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

  it("bounds the processes of a pod as the hosts of onprem do", () => {
    assert.ok(cpu);
    assert.equal(
      Reflect.get(kubeletConfig(layout, cpu), "podPidsLimit"),
      podPidsLimit,
    );
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
    const names = [...dnsObjects(layout, true), ...storageObjects(layout)].map(
      ({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`,
    );
    assert.equal(new Set(names).size, names.length);
  });

  it("name images by upstream reference and a fixed tag", () => {
    const text = JSON.stringify([
      ...dnsObjects(layout, true),
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
