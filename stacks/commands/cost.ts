import type { Command } from "@commander-js/extra-typings";

import { deltaOf } from "../cost/delta";
import { describeCost, describeDelta } from "../cost/describe";
import { overBudget } from "../cost/preview-cost";
import { CommandError } from "./command";
import { managedComparison } from "./cost-of-managed";
import { costOf } from "./cost-of-stack";
import { describeOffers, offersOf } from "./cost-of-workload";
import { examples, stackOption } from "./options";
import {
  type ReadableStack,
  readStackConfig,
  readStackConfigAt,
} from "./stack-config";

/** Stacks that a workload is priced on, one a target. */
const compared = ["aws", "gcp", "azure", "onprem"];

/** `cost`: what a stack costs a month, by list prices that the project keeps; without a cloud, an engine or a network. */
export function define(command: Command): void {
  command
    .addOption(stackOption())
    .option("--json", "print it as JSON")
    .option(
      "--against <commit>",
      "what the stack's file changes since a commit, with the program as it is",
    )
    .option(
      "--workload <name>",
      `what a run of each job of the workload costs on ${compared.join(", ")}`,
    )
    .option(
      "--seconds <seconds>",
      "with --workload: how long a run takes",
      "600",
    )
    .option(
      "--node-start <seconds>",
      "with --workload: until a new node takes pods",
      "90",
    )
    .option(
      "--scale-down-delay <seconds>",
      "with --workload: how long an idle node stays",
      "600",
    )
    .option("--managed", "the comparison with managed services, in Markdown")
    .addHelpText(
      "after",
      examples(
        ["npm run cost -- --stack aws", "floor, typical and ceiling, by part"],
        [
          "npm run cost -- --stack aws --against main",
          "what this branch changes",
        ],
        [
          "npm run cost -- --workload clickstream",
          "where its jobs are cheapest",
        ],
        [
          "npm run -s cost -- --managed > docs/cost-against-managed.md",
          "writes that page anew",
        ],
      ),
    )
    .action(async ({ stack, json, against, workload, managed, ...times }) => {
      if (managed) return void process.stdout.write(await managedComparison());
      if (workload !== undefined) {
        compare(
          stack,
          workload,
          {
            seconds: secondsOf("--seconds", times.seconds),
            nodeStart: secondsOf("--node-start", times.nodeStart),
            scaleDownDelay: secondsOf(
              "--scale-down-delay",
              times.scaleDownDelay,
            ),
          },
          json === true,
        );
        return;
      }
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

function compare(
  stack: string,
  workload: string,
  times: Parameters<typeof offersOf>[3],
  json: boolean,
): void {
  const offers = offersOf(
    workload,
    readStackConfig(stack),
    compared.map(readStackConfig),
    times,
  );
  print(
    json
      ? JSON.stringify({ workload, ...times, offers })
      : describeOffers(workload, offers, times),
  );
}

function secondsOf(option: string, text: string): number {
  const seconds = Number(text);
  if (text.trim() === "" || !Number.isFinite(seconds) || seconds < 0) {
    throw new CommandError(
      `${option}: ${JSON.stringify(text)}: write a number of seconds, 0 or more`,
    );
  }
  return seconds;
}

function placeOf({ config: { target } }: ReadableStack): string {
  return "region" in target ? `${target.kind}, ${target.region}` : target.kind;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
