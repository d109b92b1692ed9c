import { existsSync, mkdirSync, statfsSync } from "node:fs";

import {
  imageSteps,
  missingBinaries,
  reachableUpstream,
  type ImageMeans,
} from "./images";
import { everyPart, type Parts } from "./images/catalogue";
import { mirrorSteps } from "./mirror";
import { PlainError } from "./process";
import { pulumiTools } from "./pulumi";
import {
  terminalProgress,
  withCacheLock,
  type Progress,
  type Step,
} from "./steps";
import { toolSteps } from "./toolchain/build";
import {
  CLUSTER_PACKAGES,
  IMAGE_PACKAGES,
  packageSteps,
  type SystemPackage,
} from "./toolchain/packages";
import { cacheFolder, toolPath } from "./toolchain/tools";

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
 * Builds and fetches what a local stack needs and this machine lacks; at once where nothing is missing.
 *
 * @param parts those of the stack that not every stack has; all of them unless given
 */
export async function prepare(
  parts: Parts = everyPart,
  progress: Progress = terminalProgress,
): Promise<void> {
  const means = await findMeans(parts);
  if (missingSteps(means).length === 0) return;
  await withCacheLock(
    () => {
      // What another run built while this one waited is no longer missing.
      const steps = missingSteps(means);
      const lack = lackOfSpace(steps.length);
      if (lack) throw new PlainError(lack);
      return progress(steps);
    },
    () =>
      process.stdout.write(
        "Another run builds the toolchain; waiting for its end\n",
      ),
  );
}

/** Why so many steps do not fit on the disk of the cache; undefined when they do. */
export function lackOfSpace(steps: number): string | undefined {
  const folder = cacheFolder();
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / GIBIBYTE;
  const needed = steps * GIBIBYTES_A_STEP;
  return free >= needed
    ? undefined
    : `${folder}: ${free.toFixed(1)} GiB free: ${steps} steps need about ${Math.ceil(needed)}; free some, or set XDG_CACHE_HOME to a folder on another disk`;
}

const GIBIBYTE = 1024 ** 3;

/** A cold machine takes some 25 GiB for 38 steps, most of it Go's own caches. */
const GIBIBYTES_A_STEP = 0.7;

/** What is needed, and what of it this machine has or can reach, so that it need not be built. */
export interface Means extends ImageMeans {
  /** Programs of the toolchain that a run of Pulumi takes. */
  readonly pulumi: readonly string[];
}

/** Looks at the network only for what is not there already. */
export async function findMeans(parts: Parts): Promise<Means> {
  const [pulumi, reachable] = await Promise.all([
    pulumiTools(),
    reachableUpstream(parts),
  ]);
  return { parts, pulumi, reachable };
}

/** Every step that is to do, in an order in which each can be done. */
export function missingSteps(means: Means): Step[] {
  const binaries = missingBinaries(means);
  const tools = [...means.pulumi, ...HOST_TOOLS, ...binaries].filter(
    (binary) => !existsSync(toolPath(binary)),
  );
  const images = imageSteps(means);
  const packages: readonly SystemPackage[] = [
    ...CLUSTER_PACKAGES,
    ...(images.length > 0 ? IMAGE_PACKAGES : []),
  ];
  return [
    ...packageSteps(packages),
    ...mirrorSteps(),
    ...toolSteps(tools),
    ...images,
  ];
}
