import type { Command } from "@commander-js/extra-typings";
import { z } from "zod";

import { placeFields } from "../../infra/local/inputs";
import { clusterName } from "../../infra/local/cluster-name";
import { Layout } from "../../infra/local/layout";
import { remainsOf } from "../../infra/local/remains";
import { ask, CannotLook } from "../audit/ask";
import { awsQuestions } from "../audit/aws";
import { azureQuestions } from "../audit/azure";
import { gcpQuestions } from "../audit/gcp";
import type { Leftover } from "../audit/leftover";
import { readConfigFile } from "../ephemeral/config-file";
import { examples, jsonOption, stackOption } from "./options";
import { table } from "./table";

const targetSchema = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("eks"), region: z.string() }),
  z.looseObject({ kind: z.literal("gke"), project: z.string() }),
  z.looseObject({ kind: z.literal("aks"), subscription: z.string() }),
  z.looseObject({ kind: z.literal("local"), name: z.string().optional() }),
]);

/**
 * `audit`: what is still there of a stack, by the tags that all of it carries. Exits with 1 when something is left,
 * with 2 when that cannot be told.
 */
export function define(command: Command): void {
  command
    .addOption(stackOption())
    .option("--like <stack>", "a stack whose file tells where to look")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["npm run audit -- --stack aws", "after `npm run down -- --stack aws`"],
        ["npm run audit -- --stack pr-7 --like aws", "its own file is gone"],
      ),
    )
    .action(async ({ stack, like, json }) => {
      process.exitCode = await audit(stack, like ?? stack, json === true);
    });
}

async function audit(
  stack: string,
  like: string,
  json: boolean,
): Promise<number> {
  const { config } = readConfigFile(like);
  const target = targetSchema.safeParse(config["mlstack:target"]);
  if (!target.success) {
    process.stderr.write(
      `mlstack: stack ${like}: mlstack:target: audit knows eks (with its region), gke (project), aks (subscription) and local\n`,
    );
    return 2;
  }
  let left: readonly Leftover[];
  try {
    left = await leftovers(stack, like, target.data);
  } catch (error) {
    if (!(error instanceof CannotLook)) throw error;
    process.stderr.write(`mlstack: ${error.message}\n`);
    return 2;
  }
  if (json) {
    process.stdout.write(`${JSON.stringify(left, null, 2)}\n`);
    return left.length === 0 ? 0 : 1;
  }
  if (left.length === 0) {
    process.stdout.write(`stack ${stack}: nothing left\n`);
    return 0;
  }
  const rows = left.map(({ type, id, place, owner, expiry }) => [
    ...[type, id, place, owner, expiry],
  ]);
  const header = ["TYPE", "NAME", "PLACE", "OWNER", "EXPIRY"];
  process.stdout.write(
    `stack ${stack}: ${left.length} left\n\n${table(header, rows)}\n`,
  );
  return 1;
}

async function leftovers(
  stack: string,
  like: string,
  target: z.output<typeof targetSchema>,
): Promise<readonly Leftover[]> {
  switch (target.kind) {
    case "eks":
      return ask(awsQuestions(stack, target.region));
    case "gke":
      return ask(gcpQuestions(stack, target.project));
    case "aks":
      return ask(azureQuestions(stack, target.subscription));
    case "local": {
      const layout = new Layout({
        name: clusterName(stack, stack === like ? target.name : undefined),
        ...z.object(placeFields).parse(target),
      });
      return (await remainsOf(layout)).map(({ kind, id }) => ({
        ...{ type: kind, id, place: "this machine", owner: "", expiry: "" },
      }));
    }
  }
}
