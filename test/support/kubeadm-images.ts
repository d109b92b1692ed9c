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
import { kubernetesPatch } from "../../infra/versions";
import {
  ensureNextKubernetes,
  nextKubernetes,
  nextToolFile,
} from "./next-kubernetes";

const folder = join(__dirname, "../../infra/supply/images");

interface KubeadmImage {
  /** Program of the toolchain; `pause` is of none. */
  readonly program: string;
  readonly reference: string;
  /** Folder of the Dockerfile. */
  readonly context: string;
}

/** Images that kubeadm adds to those of every cluster of this project. */
const images = kubernetesImages(kubernetesPatch, "3.6.6-0");

/** Images that the next version's kubeadm adds. */
const nextImages: readonly KubeadmImage[] = [
  ...kubernetesImages(nextKubernetes, "3.6.8-0"),
  {
    program: "coredns",
    reference: "registry.k8s.io/coredns/coredns:v1.14.2",
    context: join(folder, "coredns"),
  },
  {
    program: "pause",
    reference: "registry.k8s.io/pause:3.10.2",
    context: join(folder, "pause"),
  },
];

/** Puts kubeadm's images into the registry's storage, made from the toolchain's programs. */
export async function ensureKubeadmImages(): Promise<void> {
  await ensureTools(["etcdctl"], terminalProgress);
  await make(images, toolPath);
}

/** The same of the next version of Kubernetes, with its programs. */
export async function ensureNextKubeadmImages(): Promise<void> {
  await ensureNextKubernetes();
  await make(nextImages, nextToolFile);
}

async function make(
  images: readonly KubeadmImage[],
  fileOf: (program: string) => string,
): Promise<void> {
  for (const { program, reference, context } of images) {
    // Images of an earlier release lack programs that kubeadm requires, and rebuilding these two takes a second.
    const stored = storedDigest(registryStorage(), reference) !== undefined;
    if (stored && !["etcd", "pause"].includes(program)) continue;
    await buildImage({
      name: reference,
      context,
      dockerfile: join(context, "Dockerfile"),
      args: { PROGRAM: program },
      contexts: {
        ...(program !== "pause" && { binary: dirname(fileOf(program)) }),
        // As in the image of the project, kubectl exec finds it beside the server.
        etcdctl: dirname(fileOf("etcdctl")),
      },
    });
    await pushImage(reference, registryStorage(), reference);
  }
}

/** @param etcd tag of the image that this version's kubeadm names */
function kubernetesImages(version: string, etcd: string): KubeadmImage[] {
  const programs = [
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
  ];
  return [
    ...programs.map((program) => ({
      program,
      reference: `registry.k8s.io/${program}:v${version}`,
      context: join(folder, program === "kube-proxy" ? program : "kubernetes"),
    })),
    {
      program: "etcd",
      reference: `registry.k8s.io/etcd:${etcd}`,
      context: join(__dirname, "kubeadm-images/etcd"),
    },
  ];
}
