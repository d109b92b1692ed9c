import { describeProblem } from "../problem";
import {
  imageSteps,
  missingBinaries,
  mustMake,
  pullers,
  reachableUpstream,
  type ImageMeans,
} from "./images";
import { everyPart, type Parts } from "./images/catalogue";
import { mirrorSteps } from "./mirror";
import { requireOwnCache } from "./cache-owner";
import { thisMachine, unfit } from "./machine";
import { PlainError, run } from "./process";
import { isOffline, pulumiTools } from "./pulumi";
import type { Step } from "./step";
import { terminalProgress, withCacheLock, type Progress } from "./steps";
import { toolSteps } from "./toolchain/build";
import { fetchableTools } from "./toolchain/fetch";
import { removeGoCaches } from "./toolchain/go-caches";
import {
  BUILDER_PACKAGES,
  CLUSTER_PACKAGES,
  findProgram,
  IMAGE_PACKAGES,
  isInstalled,
  packageSteps,
  type SystemPackage,
} from "./toolchain/packages";

/** Programs that run on this machine for a cluster and a stack. */
export const HOST_TOOLS = [
  "registry",
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
  "kubeadm",
  "kubectl",
  "kubelet",
  "containerd",
  "containerd-shim-runc-v2",
] as const;

/**
 * Fetches and builds what a local stack needs and this machine lacks; at once where nothing is missing.
 *
 * @param parts those of the stack that not every stack has; all of them unless given
 * @throws {PlainError} before anything is fetched where this machine cannot run a local stack
 */
export async function prepare(
  parts: Parts = everyPart,
  progress: Progress = terminalProgress,
): Promise<void> {
  requireOwnCache();
  const means = await findMeans(parts);
  if (missingSteps(means).length === 0) return;
  await withCacheLock(
    async () => {
      // Another run may have built some of it while this one waited for the lock.
      const steps = missingSteps(means);
      const problems = unfit(thisMachine(), steps);
      if (problems.length > 0)
        throw new PlainError(problems.map(describeProblem).join("\n"));
      await progress(steps);
      await removeGoCaches();
    },
    () =>
      process.stdout.write(
        "Another run builds the toolchain; waiting for its end\n",
      ),
  );
}

/** Required programs and images, and those that this machine has or can fetch. */
export interface Means extends ImageMeans {
  /** Programs of the toolchain that a run of Pulumi takes. */
  readonly pulumi: readonly string[];
  /** Programs whose release can be fetched. */
  readonly fetchable: ReadonlySet<string>;
  /** Whether charts and manifests must be stored, since their public repositories do not answer. */
  readonly offline: boolean;
  /** Whether the project's own images can be built with what is there, so that buildah need not be installed. */
  readonly builder: boolean;
}

/** Looks at the network only for what is not there already. */
export async function findMeans(parts: Parts): Promise<Means> {
  const [pulumi, reachable, offline, builder] = await Promise.all([
    pulumiTools(),
    reachableUpstream(parts),
    isOffline(),
    BUILDER_PACKAGES.every(isInstalled) || worksAnyOf(["docker", "podman"]),
  ]);
  const images = { parts, reachable };
  const fetchable = await fetchableTools(neededTools(pulumi, images));
  return { ...images, pulumi, fetchable, offline, builder };
}

/** Every step that is to do, in an order in which each can be done. */
export function missingSteps(means: Means): Step[] {
  const images = imageSteps(means);
  return [
    ...packageSteps(neededPackages(means)),
    ...(means.offline ? mirrorSteps() : []),
    ...toolSteps(neededTools(means.pulumi, means), means.fetchable),
    ...images,
  ];
}

/** Packages of the distribution that must be there. */
export function neededPackages(means: Means): readonly SystemPackage[] {
  if (mustMake(means)) return [...CLUSTER_PACKAGES, ...IMAGE_PACKAGES];
  return means.builder
    ? CLUSTER_PACKAGES
    : [...CLUSTER_PACKAGES, ...BUILDER_PACKAGES];
}

function neededTools(
  pulumi: readonly string[],
  images: ImageMeans,
): readonly string[] {
  return [
    ...pulumi,
    ...HOST_TOOLS,
    ...pullers(images),
    ...missingBinaries(images),
  ];
}

async function worksAnyOf(builders: readonly string[]): Promise<boolean> {
  const works = await Promise.all(
    builders.filter(findProgram).map((builder) =>
      run(builder, ["info"]).then(
        () => true,
        () => false,
      ),
    ),
  );
  return works.includes(true);
}
