import { dirname, join } from "node:path";

import {
  buildImage,
  pushImage,
  registryStorage,
  storedDigest,
} from "../../airgap/images";
import { toolPath } from "../../airgap/toolchain/tools";

const folder = join(__dirname, "../../airgap/images");

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
  for (const [program, reference] of images) {
    if (storedDigest(registryStorage(), reference) !== undefined) continue;
    const kind = program === "kube-proxy" ? program : "kubernetes";
    const context = join(folder, kind);
    await buildImage({
      name: reference,
      context,
      dockerfile: join(context, "Dockerfile"),
      args: { PROGRAM: program },
      contexts: { binary: dirname(toolPath(program)) },
    });
    await pushImage(reference, registryStorage(), reference);
  }
}
