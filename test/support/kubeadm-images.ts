import { dirname, join } from "node:path";

import {
  buildImage,
  pushImage,
  registryStorage,
  storedDigest,
} from "../../infra/supply/images";
import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";

const folder = join(__dirname, "../../infra/supply/images");

/** What kubeadm runs beside the images that every cluster of ours runs. */
const images = [
  ["kube-apiserver", "registry.k8s.io/kube-apiserver:v1.35.4"],
  [
    "kube-controller-manager",
    "registry.k8s.io/kube-controller-manager:v1.35.4",
  ],
  ["kube-scheduler", "registry.k8s.io/kube-scheduler:v1.35.4"],
  ["kube-proxy", "registry.k8s.io/kube-proxy:v1.35.4"],
  ["etcd", "registry.k8s.io/etcd:3.6.6-0"],
] as const;

/** Puts kubeadm's images into the registry's storage, made from the toolchain's programs. */
export async function ensureKubeadmImages(): Promise<void> {
  await ensureTools(["etcdctl"], terminalProgress);
  for (const [program, reference] of images) {
    // The one of an earlier release has no etcdctl; it is made in a second.
    const stored = storedDigest(registryStorage(), reference) !== undefined;
    if (stored && program !== "etcd") continue;
    const context = contextOf(program);
    await buildImage({
      name: reference,
      context,
      dockerfile: join(context, "Dockerfile"),
      args: { PROGRAM: program },
      contexts: {
        binary: dirname(toolPath(program)),
        // As in the image of the project, kubectl exec finds it beside the server.
        etcdctl: dirname(toolPath("etcdctl")),
      },
    });
    await pushImage(reference, registryStorage(), reference);
  }
}

function contextOf(program: string): string {
  if (program === "etcd") return join(__dirname, "kubeadm-images/etcd");
  return join(folder, program === "kube-proxy" ? program : "kubernetes");
}
