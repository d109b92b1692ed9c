import { existsSync } from "node:fs";

import { z } from "zod";

import type { StateResource } from "./stack-state";

/** Inputs of a cluster that every version of this program has written. */
const inputsSchema = z.looseObject({ name: z.string(), dataDir: z.string() });

/**
 * The folder of a stack's cluster where the state knows the cluster and this machine does not, as after a disk was
 * replaced. The state must be this machine's own: that of another tells nothing about the folders here.
 */
export function lostCluster(
  resources: readonly StateResource[],
): string | undefined {
  const cluster = resources.find(
    ({ type }) => type === "mlstack:index:LocalCluster",
  );
  const inputs = inputsSchema.safeParse(cluster?.inputs).data;
  if (inputs === undefined) return undefined;
  const folder = `${inputs.dataDir}/${inputs.name}`;
  return existsSync(folder) ? undefined : folder;
}
