import type { Command } from "@commander-js/extra-typings";
import { ZodError } from "zod";

import { audited, auditOf } from "../../infra";
import { CannotLook } from "../../infra/audit/ask";
import type { Leftover } from "../../infra/audit/leftover";
import { readConfigFile } from "../ephemeral/config-file";
import { examples, jsonOption, stackOption } from "./cli/options";
import { table } from "./cli/table";

/**
 * `audit`: what is still there of a stack, by the tags that all of it carries. Exits with 1 when something is left,
 * with 2 when that cannot be told.
 */
export function define(command: Command): void {
  command
    .addOption(stackOption())
    .option("--like <stack>", "a stack whose file names the account and region")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["npm run audit -- --stack aws", "after `npm run down -- --stack aws`"],
        [
          "npm run audit -- --stack pr-7 --like aws",
          "if its own file has been deleted",
        ],
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
  const target = config["mlstack:target"];
  let left: readonly Leftover[];
  try {
    left = await auditOf(target).look(stack, target, {
      own: stack === like,
    });
  } catch (error) {
    if (error instanceof ZodError) {
      process.stderr.write(
        `mlstack: stack ${like}: mlstack:target: audit knows ${audited.map(describe).join(", ")}\n`,
      );
      return 2;
    }
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

/** A kind of target, and the setting that says where to look. */
function describe({ kind, place }: (typeof audited)[number]): string {
  return place === undefined ? kind : `${kind} (with its ${place})`;
}
