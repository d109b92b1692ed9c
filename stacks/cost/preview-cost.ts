import type { DeclaredResource } from "../../infra/prices/bill";
import type { StackConfig } from "../config";
import { nameOf, typeOf, type Digest, type Step } from "../preview/digest";
import type { Budget } from "./config";
import { type CostDelta, deltaOf } from "./delta";
import { money, signedMoney } from "./money";
import { stackCost } from "./stack-cost";
import { type Amounts, atLeast, type CostSum } from "./sum";

/** Effect of a change on a stack's cost. */
export interface PreviewCost {
  readonly delta: CostDelta;
  readonly after: CostSum;
  /** Whether the stack is there already. */
  readonly isUp: boolean;
}

/** Effect of a preview on a stack's cost; undefined where nothing is billed by the hour. */
export function previewCost(
  config: Pick<StackConfig, "target" | "usage">,
  digest: Digest,
): PreviewCost | undefined {
  const steps = digest.steps ?? [];
  const before = statesOf(steps, ({ oldState }) => oldState);
  const after = stackCost(
    config,
    statesOf(steps, ({ newState }) => newState),
  );
  const old = stackCost(config, before);
  if (!after || !old) return undefined;
  return { delta: deltaOf(old, after), after, isUp: before.length > 0 };
}

/** A replaced resource comes up in several steps, and counts once. */
function statesOf(
  steps: readonly Step[],
  pick: (step: Step) => Step["oldState"],
): DeclaredResource[] {
  const states = new Map<string, DeclaredResource>();
  for (const step of steps) {
    const state = pick(step);
    if (!state || typeOf(step) === "pulumi:pulumi:Stack") continue;
    const inputs = state.inputs ?? {};
    states.set(step.urn, { type: typeOf(step), name: nameOf(step), inputs });
  }
  return [...states.values()];
}

/** The cost of a change in one line of Markdown, with the resource that makes most of it. */
export function costLine({ delta, after, isUp }: PreviewCost): string {
  const span = (amounts: Amounts) =>
    `${atLeast(after)}${money(amounts.floor)} to ${money(amounts.ceiling)}`;
  const words = !isUp
    ? [`**${span(after)} USD a month**, floor to ceiling`]
    : delta.changes.length === 0
      ? [`**costs the same**: ${span(after)} USD a month, floor to ceiling`]
      : [
          `**${signedMoney(delta.floor)} USD a month at the floor, ${signedMoney(delta.ceiling)} at the ceiling**: ${cause(delta)}; then ${span(after)}`,
        ];
  const missing = after.unpriced.map(
    ({ resource, what }) => `\`${resource}\` (${what})`,
  );
  return [
    // With no priced line at all, the sum of 0 would be wrong, so that it is left out.
    ...(after.lines.length > 0 ? words : []),
    ...(missing.length > 0 ? [`no price for ${missing.join(", ")}`] : []),
    ...(after.oldest === undefined ? [] : [`prices since ${after.oldest}`]),
  ].join("; ");
}

function cause({ changes: [first, ...others] }: CostDelta): string {
  if (!first) return "";
  const more = new Set(others.map(({ resource }) => resource));
  more.delete(first.resource);
  return `\`${first.resource}\` ${first.what}${more.size > 0 ? ` and ${more.size} more` : ""}`;
}

/** Budget violation of a sum; undefined where it is within the budget. */
export function overBudget(
  { monthly }: Budget,
  sum: Pick<CostSum, "typical" | "unpriced">,
): string | undefined {
  return sum.typical > monthly
    ? `budget.monthly: ${money(monthly)}: the stack typically costs ${atLeast(sum)}${money(sum.typical)} a month; make it smaller, or raise the budget`
    : undefined;
}
