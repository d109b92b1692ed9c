import { costLine, overBudget, previewCost } from "../../cost/preview-cost";
import type { CostSum } from "../../cost/sum";
import type { Digest } from "../../preview/digest";
import { sumOfStack } from "./stack-file-cost";
import {
  type ReadableStack,
  readStackConfig,
} from "../stack-file/stack-config";

/** Says where a stack is over its budget. @returns 1 where that stops it */
export async function withinBudget(stack: string): Promise<number> {
  const readable = readStackConfig(stack);
  const sum = await sumOfStack(readable);
  const verdict = sum && judged(readable, sum);
  if (!verdict) return 0;
  process.stderr.write(`mlstack: ${verdict.words}\n`);
  return verdict.stops ? 1 : 0;
}

/** Cost of a change for the pull request comment, and whether the budget stops it. */
export function costOfPreview(
  stack: string,
  digest: Digest,
): { readonly lines: readonly string[]; readonly stops: boolean } {
  const readable = readStackConfig(stack);
  const cost = previewCost(readable.config, digest);
  if (!cost) return { lines: [], stops: false };
  const verdict = judged(readable, cost.after);
  const warning = verdict
    ? [
        `**${verdict.stops ? "Over budget, stopped" : "Over budget"}**: ${verdict.words}`,
      ]
    : [];
  return {
    lines: [costLine(cost), ...warning],
    stops: verdict?.stops === true,
  };
}

function judged({ config: { budget } }: ReadableStack, sum: CostSum) {
  const words = budget && overBudget(budget, sum);
  return words === undefined
    ? undefined
    : { words, stops: budget?.stop === true };
}
