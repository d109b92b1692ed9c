import type { z } from "zod";

import type { NodePool } from "../../infra/platform";
import type { Problem } from "../../infra/problem";

/** The part of a target that judges configurations. */
interface Judge<Config> {
  readonly schema: z.ZodType<Config>;
  checkPools(pools: readonly NodePool[], target: Config): readonly Problem[];
}

/** A pool for the cluster's own services, changed where a test says. */
export function pool(changes: Partial<NodePool>): NodePool {
  return { name: "cpu", min: 1, max: 3, spot: false, ...changes };
}

/** Problems of a configuration with a valid schema, one per line. */
export function problemsOf<Config>(
  { schema, checkPools }: Judge<Config>,
  target: object,
  pools: readonly NodePool[],
): readonly string[] {
  return checkPools(pools, schema.parse(target)).map(
    ({ path, remedy }) => `${path}: ${remedy}`,
  );
}

/** Remedies for one value of a configuration. */
export function remedyAt<Config>(
  { schema }: Judge<Config>,
  target: object,
  path: string,
): string {
  const { error } = schema.safeParse(target);
  const messages = (error?.issues ?? [])
    .filter((issue) => pathText(issue.path) === path)
    .map(({ message }) => message);
  return messages.join("; ");
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) =>
      typeof part === "number" ? `[${part}]` : `.${String(part)}`,
    )
    .join("")
    .replace(/^\./, "");
}
