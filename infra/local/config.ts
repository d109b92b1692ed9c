import { z } from "zod";

import { parseCidr } from "../network/cidr";
import { objectsSchema } from "../object-store/config";
import type { NodePool } from "../platform";
import type { Problem } from "../problem";
import { checkRanges, internetSchema, nameSchema, placeFields } from "./inputs";
import { referencePattern } from "./reference";

const mostNodes = 16;
const longestPoolName = 32;

/** Configuration of a stack on this machine. */
export const schema = z.strictObject({
  kind: z
    .literal("local")
    .describe("A cluster on this machine: Linux, as root"),
  name: nameSchema
    .optional()
    .describe("Name of the cluster; without it, the stack's"),
  ...placeFields,
  internet: internetSchema.default(true),
  import: z
    .string()
    .regex(referencePattern, {
      error:
        "write folder and ID of the cluster, such as /var/lib/mlstack/local:00000000-0000-4000-8000-000000000000",
    })
    .optional()
    .describe(
      "A cluster of another state to adopt: its folder and ID, as in the error that refuses the cluster",
    ),
  objects: objectsSchema("20Gi").describe("Object store of the buckets"),
});

/** Configuration of a local target. */
export type LocalConfig = z.output<typeof schema>;

/** Problems of pools and CIDR ranges of a local cluster. */
export function checkPools(
  pools: readonly NodePool[],
  target: LocalConfig,
): readonly Problem[] {
  const nodes = pools.reduce((sum, pool) => sum + nodesOf(pool), 0);
  // Each node's pods take a range of 256 addresses.
  const room = 2 ** (24 - (parseCidr(target.podCidr)?.bits ?? 24));
  const most = Math.min(mostNodes, room);
  return [
    ...checkRanges(target, "target."),
    ...(nodes > most
      ? [
          {
            path: "pools",
            value: nodes,
            remedy: `are more nodes than this machine's cluster takes; ask for at most ${most} with the sum of min`,
          },
        ]
      : []),
    ...pools.flatMap((pool, index) => checkPool(pool, `pools[${index}]`)),
  ];
}

function checkPool(pool: NodePool, path: string): readonly Problem[] {
  const gpus = pool.gpu?.count ?? 0;
  return [
    ...(pool.name.length > longestPoolName
      ? [
          {
            path: `${path}.name`,
            value: pool.name,
            remedy: `write at most ${longestPoolName} characters`,
          },
        ]
      : []),
    ...(gpus > 16
      ? [
          {
            path: `${path}.gpu.count`,
            value: gpus,
            remedy: "ask for at most 16",
          },
        ]
      : []),
  ];
}

/** Nodes of a pool: its fewest, and one at least, since nothing adds one later. */
export function nodesOf(pool: NodePool): number {
  return Math.max(1, pool.min);
}
