import { declaredResources } from "../../cost/declared";
import { stackCost } from "../../cost/stack-cost";
import type { CostSum } from "../../cost/sum";
import { CommandError } from "../cli/command-error";
import type { ReadableStack } from "../stack-file/stack-config";

/** Cost of a stack by its file; undefined where nothing is billed by the hour. */
export async function sumOfStack({
  stack,
  values,
  config,
}: ReadableStack): Promise<CostSum | undefined> {
  return stackCost(config, await declaredResources(stack, values));
}

/** Cost of a stack by its file. @throws {CommandError} where nothing is billed by the hour, or has a price */
export async function costOf(readable: ReadableStack): Promise<CostSum> {
  const sum = await sumOfStack(readable);
  if (!sum) {
    const { stack, config } = readable;
    throw new CommandError(
      `--stack: ${JSON.stringify(stack)}: runs on ${config.target.kind}, of which nothing is paid for by the hour; choose a stack on a cloud, or on hosts with target.costs`,
    );
  }
  if (sum.lines.length === 0) {
    const missing = sum.unpriced.map(
      ({ resource, what }) => `${resource}: ${what}`,
    );
    throw new CommandError(
      `--stack: ${JSON.stringify(readable.stack)}: nothing of it has a price: ${missing.join("; ")}`,
    );
  }
  return sum;
}
