import { mkdirSync } from "node:fs";
import { totalmem } from "node:os";

import { freeSpace } from "../folders/free-space";
import type { Problem } from "../problem";
import type { Step } from "./step";
import { architecture } from "./toolchain/fetch";
import { cacheFolder } from "./toolchain/tools";

const GIBIBYTE = 1024 ** 3;

/** The local stack peaks at about 8; a machine of 8 says a little less of itself. */
const LEAST_MEMORY = 7.5;

/** Disk that a toolchain build takes, mostly Go's caches: 25 builds were measured at 23. */
const GIBIBYTES_A_BUILD = 1;

/** Facts of this machine. */
export interface Machine {
  readonly platform: string;
  /** Go's name of its architecture; undefined where Kubernetes has no programs for it. */
  readonly architecture: string | undefined;
  readonly root: boolean;
  readonly memoryGibibytes: number;
  /** Free on the disk of the cache. */
  readonly freeGibibytes: number;
}

/** Looks at this machine; makes nothing but the cache's folder. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    architecture: architecture(),
    root: process.getuid?.() === 0,
    memoryGibibytes: totalmem() / GIBIBYTE,
    freeGibibytes: freeGibibytes(),
  };
}

/** Why a local stack cannot be built here, before anything is fetched. */
export function unfit(
  machine: Machine,
  steps: readonly Pick<Step, "gibibytes">[],
): Problem[] {
  const elsewhere = "or use a cluster that is there (stack `existing`)";
  if (machine.platform !== "linux")
    return [
      {
        path: "machine",
        value: machine.platform,
        remedy: `runs no local cluster, which needs Linux; use a Linux machine, ${elsewhere}`,
      },
    ];
  const needed = spaceOf(steps);
  const checks: readonly (Problem | false)[] = [
    machine.architecture === undefined && {
      path: "machine",
      value: process.arch,
      remedy: `is no architecture that the programs are released for; use x86-64 or arm64, ${elsewhere}`,
    },
    !machine.root && {
      path: "machine",
      value: "not root",
      remedy: `cannot make nodes; run with sudo, ${elsewhere}`,
    },
    machine.memoryGibibytes < LEAST_MEMORY && {
      path: "memory",
      value: `${machine.memoryGibibytes.toFixed(1)} GiB`,
      remedy: `is too little, since the local stack peaks at about 8; use a larger machine, ${elsewhere}`,
    },
    machine.freeGibibytes < needed && {
      path: cacheFolder(),
      value: `${machine.freeGibibytes.toFixed(1)} GiB free`,
      remedy: `${steps.length} steps need about ${Math.ceil(needed)}; free some, or set XDG_CACHE_HOME to a folder on another disk`,
    },
  ];
  return checks.filter((problem) => problem !== false);
}

/** GiB that steps take on the disk of the cache, together. */
export function spaceOf(steps: readonly Pick<Step, "gibibytes">[]): number {
  return steps.reduce(
    (sum, { gibibytes = GIBIBYTES_A_BUILD }) => sum + gibibytes,
    0,
  );
}

function freeGibibytes(): number {
  const folder = cacheFolder();
  mkdirSync(folder, { recursive: true });
  return freeSpace(folder) / GIBIBYTE;
}
