import { existsSync } from "node:fs";

import { placeSchema } from "../../infra/local/inputs";
import { Layout } from "../../infra/local/layout";
import type { StateResource } from "./stack-state";

/**
 * The folder of a stack's cluster on this machine where the state knows the cluster and the machine does not, as after
 * a disk was replaced.
 */
export function lostCluster(
  resources: readonly StateResource[],
): string | undefined {
  const cluster = resources.find(
    ({ type }) => type === "mlstack:index:LocalCluster",
  );
  if (!cluster) return undefined;
  const { state } = new Layout(placeSchema.parse(cluster.inputs));
  return existsSync(state) ? undefined : state;
}
