import type { Command } from "@commander-js/extra-typings";

import { declaredResources } from "../cost/declared";
import { deltaOf } from "../cost/delta";
import { describeCost, describeDelta } from "../cost/describe";
import { overBudget } from "../cost/preview-cost";
import { stackCost } from "../cost/stack-cost";
import type { CostSum } from "../cost/sum";
import { CommandError } from "./command";
import { examples, stackOption } from "./options";
import {
  type ReadableStack,
  readStackConfig,
  readStackConfigAt,
} from "./stack-config";

/** `cost`: what a stack costs a month, by list prices that the project keeps; without a cloud, an engine or a network. */
export function define(command: Command): void {
  command
    .addOption(stackOption())
    .option("--json", "print it as JSON")
    .option(
      "--against <commit>",
      "what the stack's file changes since a commit, with the program as it is",
    )
    .addHelpText(
      "after",
      examples(
        ["npm run cost -- --stack aws", "floor, typical and ceiling, by part"],
        [
          "npm run cost -- --stack aws --against main",
          "what this branch changes",
        ],
      ),
    )
    .action(async ({ stack, json, against }) => {
      const now = readStackConfig(stack);
      const before =
        against === undefined ? undefined : readStackConfigAt(stack, against);
      const sum = await costOf(now);
      const delta = before && deltaOf(await costOf(before), sum);
      if (json) {
        const data = { stack, target: now.config.target.kind, ...sum };
        print(JSON.stringify(delta ? { ...data, against, delta } : data));
        return;
      }
      print(describeCost(stack, placeOf(now), sum));
      const over = now.config.budget && overBudget(now.config.budget, sum);
      if (over !== undefined) print(`\n  ${over}`);
      if (delta) print(`\n${describeDelta(against ?? "", delta)}`);
    });
}

/** What a stack costs by its file. @throws {CommandError} where nothing of it is paid for by the hour */
export async function costOf({
  stack,
  values,
  config,
}: ReadableStack): Promise<CostSum> {
  const sum = stackCost(config, await declaredResources(stack, values));
  if (!sum) {
    throw new CommandError(
      `--stack: ${JSON.stringify(stack)}: runs on ${config.target.kind}, of which nothing is paid for by the hour; choose a stack on a cloud, or on hosts with target.costs`,
    );
  }
  return sum;
}

function placeOf({ config: { target } }: ReadableStack): string {
  return "region" in target ? `${target.kind}, ${target.region}` : target.kind;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
