import { existsSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import {
  gpuPresentLabel,
  gpuResource,
  gpuTaint,
  poolLabel,
} from "../pools/placement";
import { podPidsLimit } from "../pod-processes";
import { cniFolder } from "../supply/toolchain/packages";
import type { FindTool } from "./control-plane";
import { makeCgroup } from "./cgroups";
import { quote } from "./execute";
import { type ClusterNode, type Layout, clusterDomain } from "./layout";
import { apiGate } from "./readiness";
import { clusterImages } from "./registry";
import { type Daemon, writeDaemons } from "./unit";

const containerdSocket = "/run/containerd/containerd.sock";

/** Writes everything that a node's machine reads when it starts. */
export async function writeNode(
  layout: Layout,
  node: ClusterNode,
  runc: string,
  tool: FindTool,
): Promise<void> {
  const files: Record<string, string> = {
    "containerd.toml": containerdConfig(layout, node, runc),
    "kubelet.json": JSON.stringify(kubeletConfig(layout, node)),
    "kube-proxy.json": JSON.stringify(proxyConfig(layout)),
    "cni/10-mlstack.conflist": JSON.stringify(cniConfig(layout, node)),
    "resolv.conf": `nameserver ${layout.dns}\n`,
    "kept-folders": keptFolders(layout, tool),
  };
  for (const folder of ["cni", "var/lib", "var/log", "var/tmp"])
    await mkdir(layout.ofNode(node, folder), { recursive: true });
  for (const [name, text] of Object.entries(files))
    await writeFile(layout.ofNode(node, name), text);
  if (!existsSync(layout.ofNode(node, "var/run")))
    await symlink("/run", layout.ofNode(node, "var/run"));
  await makeCgroup(cgroupOf(layout, node));
  await writeDaemons(layout, node.name, nodeDaemons(layout, node, tool));
}

/** The programs of a node. */
export function nodeDaemons(
  layout: Layout,
  node: ClusterNode,
  tool: FindTool,
): Daemon[] {
  const containerd: Daemon = {
    name: "containerd",
    command: [
      tool("containerd"),
      "--config",
      layout.ofNode(node, "containerd.toml"),
    ],
    environment: {
      GOMEMLIMIT: "150MiB",
      PATH: `${dirname(tool("containerd-shim-runc-v2"))}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    },
  };
  const labels = [
    `${poolLabel}=${node.pool}`,
    ...(node.gpus > 0 ? [`${gpuPresentLabel}=true`] : []),
  ];
  const kubelet: Daemon = {
    name: "kubelet",
    before: [
      `until [ -e ${quote(apiGate(layout, "serves"))} ] && [ -S ${containerdSocket} ]; do sleep 0.1; done`,
      ...(node.gpus > 0 ? advertiseGpus(layout, node, tool) : []),
    ],
    command: [
      tool("kubelet"),
      `--config=${layout.ofNode(node, "kubelet.json")}`,
      `--kubeconfig=${layout.ofNode(node, "kubelet.conf")}`,
      `--hostname-override=${node.name}`,
      `--node-ip=${layout.addressOf(node)}`,
      `--node-labels=${labels.join(",")}`,
    ],
    environment: { GOMEMLIMIT: "150MiB" },
  };
  const proxy: Daemon = {
    name: "kube-proxy",
    before: [
      `until [ -e ${quote(apiGate(layout, "ready"))} ]; do sleep 0.1; done`,
    ],
    command: [
      tool("kube-proxy"),
      `--config=${layout.ofNode(node, "kube-proxy.json")}`,
      `--hostname-override=${node.name}`,
    ],
    environment: { GOMEMLIMIT: "80MiB" },
  };
  return [containerd, kubelet, proxy];
}

// A kubelet that registers sets the extended resources that no device plugin announces to zero, and leaves them alone
// from then on: they are patched in after each of its starts.
function advertiseGpus(
  layout: Layout,
  node: ClusterNode,
  tool: FindTool,
): string[] {
  const log = join(layout.logs, layout.unit(node.name), "kubelet.log");
  const amounts = { [gpuResource]: String(node.gpus) };
  const patch = JSON.stringify({
    status: { capacity: amounts, allocatable: amounts },
  });
  const kubectl = [
    tool("kubectl"),
    `--kubeconfig=${layout.ofNode(node, "kubelet.conf")}`,
    "patch",
    "node",
    node.name,
    "--subresource=status",
    "--type=merge",
    `--patch=${patch}`,
  ];
  return [
    `from=$(($(wc -c <${quote(log)}) + 1))`,
    "(",
    "  until",
    // A rotated log begins at its start.
    `    [ "$(wc -c <${quote(log)})" -ge "$((from - 1))" ] || from=1`,
    `    tail -c "+$from" ${quote(log)} | grep -qE "Successfully registered node|Node was previously registered"`,
    "  do sleep 0.3; done",
    `  until ${kubectl.map(quote).join(" ")}; do sleep 0.5; done`,
    ") &",
  ];
}

// Under /var, which is the node's own: the cluster's folder, and programs in case they lie there.
function keptFolders(layout: Layout, tool: FindTool): string {
  const programs = ["containerd", "kubelet"].map((binary) =>
    dirname(tool(binary)),
  );
  return [layout.state, ...programs]
    .filter((path) => path.startsWith("/var/"))
    .map((path) => `${path}\n`)
    .join("");
}

function cgroupOf(layout: Layout, node: ClusterNode): string {
  return `${layout.cgroup}/${node.name}`;
}

/** Configuration of a node's container runtime. */
export function containerdConfig(
  layout: Layout,
  node: ClusterNode,
  runc: string,
): string {
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.erofs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]

[grpc]
address = "${containerdSocket}"

[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"

[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"
discard_unpacked_layers = true
max_concurrent_downloads = 4

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "${clusterImages.pause}"

[plugins."io.containerd.cri.v1.images".registry]
config_path = "${layout.at("certs.d")}"

[plugins."io.containerd.cri.v1.runtime"]
# Without CAP_SYS_RESOURCE no process may be given a lower score than its parent's.
restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".containerd]
default_runtime_name = "runc"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "${runc}"
SystemdCgroup = false

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["${cniFolder()}"]
conf_dir = "${layout.ofNode(node, "cni")}"
`;
}

/** Configuration of a node's kubelet. */
export function kubeletConfig(layout: Layout, node: ClusterNode): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: layout.addressOf(node),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(layout.pki, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    // Two kubelets on one group would remove each other's pods.
    cgroupRoot: cgroupOf(layout, node),
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [layout.dns],
    clusterDomain,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    imageServiceEndpoint: `unix://${containerdSocket}`,
    resolvConf: layout.ofNode(node, "resolv.conf"),
    volumePluginDir: "/var/lib/kubelet/volumeplugins",
    healthzBindAddress: "127.0.0.1",
    oomScoreAdj: 0,
    maxPods: 250,
    podPidsLimit,
    // Images come from this machine's own disk.
    serializeImagePulls: false,
    registryPullQPS: 0,
    // The disk is the host's: what counts is what is left, not the share that others use.
    evictionHard: {
      "memory.available": "200Mi",
      "nodefs.available": "1Gi",
      "nodefs.inodesFree": "1%",
      "imagefs.available": "1Gi",
    },
    imageGCHighThresholdPercent: 98,
    imageGCLowThresholdPercent: 95,
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
    ...(node.gpus > 0 ? { registerWithTaints: [gpuTaint] } : {}),
  };
}

/** Configuration of a node's service proxy. */
export function proxyConfig(layout: Layout): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "iptables",
    clusterCIDR: layout.place.podCidr,
    clientConnection: { kubeconfig: join(layout.pki, "proxy.conf") },
    // The connection table's size is the host's, and not a node's to set.
    conntrack: { maxPerCore: 0, min: 0 },
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
    oomScoreAdj: 0,
  };
}

/** CNI configuration of a node's pods. */
export function cniConfig(layout: Layout, node: ClusterNode): object {
  return {
    cniVersion: "1.0.0",
    name: "mlstack",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isDefaultGateway: true,
        hairpinMode: true,
        // Every machine has routes to every pod, so nothing is translated and pods see who calls.
        ipMasq: false,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: layout.podRange(node) }]],
          // Goes with the machine, as the pods do.
          dataDir: "/run/cni/networks",
        },
      },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
    ],
  };
}
