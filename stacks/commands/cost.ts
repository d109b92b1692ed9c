import { type Command, Option } from "@commander-js/extra-typings";

import { deltaOf } from "../cost/delta";
import { describeCost, describeDelta } from "../cost/describe";
import { overBudget } from "../cost/preview-cost";
import { CommandError } from "./cli/command-error";
import { forecastCost } from "./cost/forecast-report";
import { managedComparison } from "./cost/managed-comparison";
import { costOf } from "./cost/stack-file-cost";
import { describeOffers, offersOf } from "./cost/workload-offers";
import { plotCosts } from "./cost/svg-plot";
import { examples, stackOption } from "./cli/options";
import {
  placeOf,
  readStackConfig,
  readStackConfigAt,
} from "./stack-file/stack-config";

/** Stacks that are compared, one a target. */
const compared = ["aws", "gcp", "azure", "onprem"];

/** Modes of the command beside a stack's cost; mutually exclusive. */
const questions = ["against", "workload", "forecast", "plot", "managed"];

const question = <Flags extends string>(flags: Flags, description: string) => {
  const option = new Option(flags, description);
  const others = questions.filter((each) => each !== option.attributeName());
  return option.conflicts(others);
};

/** `cost`: what a stack costs a month, by list prices that the project keeps; without a cloud, an engine or a network. */
export function define(command: Command): void {
  command
    .addOption(stackOption())
    .option("--json", "print it as JSON")
    .addOption(
      question(
        "--against <commit>",
        "cost of the changes in the stack's file since a commit, with the current program",
      ),
    )
    .addOption(
      question(
        "--workload <name>",
        `cost of a run of each job of the workload on ${compared.join(", ")}`,
      ),
    )
    .option("--seconds <seconds>", "with --workload: duration of a run; 600")
    .option(
      "--node-start <seconds>",
      "with --workload: time until a new node runs pods; 90",
    )
    .option(
      "--scale-down-delay <seconds>",
      "with --workload: time until an idle node is removed; 600",
    )
    .addOption(
      question(
        "--forecast",
        "forecast from the history of jobs: node hours, dollars, and the limit that is reached first",
      ),
    )
    .option("--months <months>", "with --forecast: number of months; 3")
    .addOption(
      question(
        "--plot <file>",
        `chart of floor, typical and ceiling of ${compared.join(", ")}, as SVG`,
      ),
    )
    .addOption(
      question(
        "--managed",
        "the comparison with managed services, in Markdown",
      ),
    )
    .addHelpText(
      "after",
      examples(
        ["npm run cost -- --stack aws", "floor, typical and ceiling, by part"],
        [
          "npm run cost -- --stack aws --against main",
          "cost of the changes on this branch",
        ],
        [
          "npm run cost -- --workload clickstream",
          "where its jobs are cheapest",
        ],
        ["npm run cost -- --stack aws --forecast", "the next months"],
        ["npm run cost -- --plot cost.svg", "the stacks side by side"],
        [
          "npm run -s cost -- --managed > docs/cost-against-managed.md",
          "rewrites that page",
        ],
      ),
    )
    .action(async (options) => {
      const { stack, against, workload, forecast, plot, managed } = options;
      const json = options.json === true;
      const { seconds, nodeStart, scaleDownDelay, months } = options;
      refuseAlone("--workload", workload !== undefined, {
        ...{ "--seconds": seconds, "--node-start": nodeStart },
        "--scale-down-delay": scaleDownDelay,
      });
      refuseAlone("--forecast", forecast === true, { "--months": months });
      if (managed) {
        const page = await managedComparison();
        process.stdout.write(json ? `${JSON.stringify({ page })}\n` : page);
      } else if (plot !== undefined) {
        print(await plotCosts(compared, plot, json));
      } else if (forecast) {
        const count = numberOf(
          "--months",
          months ?? "3",
          "a whole number of months, 1 to 24",
        );
        if (!Number.isInteger(count) || count < 1 || count > 24)
          throw refusal(
            "--months",
            months ?? "",
            "a whole number of months, 1 to 24",
          );
        print(await forecastCost(readStackConfig(stack), count, json));
      } else if (workload !== undefined) {
        const times = {
          seconds: secondsOf("--seconds", seconds ?? "600"),
          nodeStart: secondsOf("--node-start", nodeStart ?? "90"),
          scaleDownDelay: secondsOf(
            "--scale-down-delay",
            scaleDownDelay ?? "600",
          ),
        };
        print(compare(stack, workload, times, json));
      } else print(await costOfStack(stack, against, json));
    });
}

async function costOfStack(
  stack: string,
  against: string | undefined,
  json: boolean,
): Promise<string> {
  const now = readStackConfig(stack);
  const before =
    against === undefined ? undefined : readStackConfigAt(stack, against);
  const sum = await costOf(now);
  const delta = before && deltaOf(await costOf(before), sum);
  if (json) {
    const data = { stack, target: now.config.target.kind, ...sum };
    return JSON.stringify(delta ? { ...data, against, delta } : data);
  }
  const over = now.config.budget && overBudget(now.config.budget, sum);
  return [
    describeCost(stack, placeOf(now), sum),
    ...(over === undefined ? [] : [`\n  ${over}`]),
    ...(delta ? [`\n${describeDelta(against ?? "", delta)}`] : []),
  ].join("\n");
}

function compare(
  stack: string,
  workload: string,
  times: Parameters<typeof offersOf>[3],
  json: boolean,
): string {
  const offers = offersOf(
    workload,
    readStackConfig(stack),
    compared.map(readStackConfig),
    times,
  );
  return json
    ? JSON.stringify({ workload, ...times, offers })
    : describeOffers(workload, offers, times);
}

/** Options that would have no effect are refused, so that nobody takes the answer for theirs. */
function refuseAlone(
  needed: string,
  isThere: boolean,
  given: Readonly<Record<string, string | undefined>>,
): void {
  const [first] = Object.entries(given).filter(
    ([, value]) => value !== undefined,
  );
  if (first && !isThere)
    throw new CommandError(`${first[0]}: goes with ${needed}; add it`);
}

function secondsOf(option: string, text: string): number {
  const wanted = "a number of seconds, 0 or more";
  const seconds = numberOf(option, text, wanted);
  if (seconds < 0) throw refusal(option, text, wanted);
  return seconds;
}

function numberOf(option: string, text: string, wanted: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number))
    throw refusal(option, text, wanted);
  return number;
}

function refusal(option: string, text: string, wanted: string): CommandError {
  return new CommandError(
    `${option}: ${JSON.stringify(text)}: write ${wanted}`,
  );
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
