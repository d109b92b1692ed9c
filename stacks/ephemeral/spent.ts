import { z } from "zod";

import { targetSchema } from "../../infra";
import { parseUrn } from "../../infra/provider/plugin/urn";
import type { Pulumi } from "../commands/engine/pulumi";
import { resourcesOf } from "../commands/state/stack-state";
import { usageSchema } from "../cost/config";
import { spentOver } from "../cost/span";
import { stackCost } from "../cost/stack-cost";

const history = z.array(
  z.looseObject({
    kind: z.string(),
    startTime: z.string(),
    config: z
      .record(z.string(), z.looseObject({ value: z.string().optional() }))
      .prefault({}),
  }),
);

/**
 * Money spent on a stack since its first update, from its state; undefined where it cannot be determined. An unknown
 * cost does not prevent a stack's teardown.
 */
export async function spentOn(
  pulumi: Pulumi,
  stack: string,
  now: Date,
): Promise<string | undefined> {
  const read = (...command: readonly string[]) =>
    pulumi.read(["stack", ...command, "--stack", stack]);
  try {
    const resources = resourcesOf(await read("export"));
    const updates = history.parse(JSON.parse(await read("history", "--json")));
    return spent(resources, updates, now);
  } catch {
    return undefined;
  }
}

/** Spending on the resources, by the updates that created them, latest first. */
export function spent(
  resources: ReturnType<typeof resourcesOf>,
  updates: z.output<typeof history>,
  now: Date,
): string | undefined {
  const [last] = updates;
  const first = updates.findLast(({ kind }) => kind === "update");
  const value = last?.config["mlstack:target"]?.value;
  if (!first || value === undefined) return undefined;
  const target = targetSchema.safeParse(JSON.parse(value)).data;
  const sum =
    target &&
    stackCost(
      { target, usage: usageSchema.parse(undefined) },
      resources.map(({ urn, type, inputs }) => ({
        type,
        name: parseUrn(urn).name,
        inputs,
      })),
    );
  return sum && sum.lines.length > 0
    ? spentOver(sum, new Date(first.startTime), now)
    : undefined;
}
