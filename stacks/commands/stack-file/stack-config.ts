import { execFileSync } from "node:child_process";

import { parse } from "yaml";

import type { StackConfig } from "../../config";
import { readConfigFile, stackFileSchema } from "../../ephemeral/config-file";
import { withPlaceholders } from "../../ephemeral/derive";
import { CommandError } from "../cli/command-error";
import { root } from "../cli/paths";

/** A stack's configuration as its file has it, with texts in place of secrets, and as the program reads it. */
export interface ReadableStack {
  readonly stack: string;
  /** Keys with their namespace. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly config: StackConfig;
}

/** Reads and checks a stack's file. @throws {CommandError} with what is wrong with it */
export function readStackConfig(stack: string): ReadableStack {
  return readable(stack, readConfigFile(stack).config);
}

/** Reads a stack's file as a commit has it. @throws {CommandError} where it has none, or one that today's program refuses */
export function readStackConfigAt(stack: string, ref: string): ReadableStack {
  let text: string;
  try {
    text = execFileSync("git", ["show", `${ref}:stacks/Pulumi.${stack}.yaml`], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const lines = String(error).split("\n");
    const fatal = lines.find((line) => line.startsWith("fatal: "));
    throw new CommandError(
      `--against: ${JSON.stringify(ref)}: ${fatal?.slice("fatal: ".length) ?? "git cannot show it"}; name a commit that has stacks/Pulumi.${stack}.yaml`,
    );
  }
  return readable(stack, stackFileSchema.parse(parse(text)).config);
}

/** Checks values as they stand in a stack's file, keys with their namespace. @throws {CommandError} with what is wrong with them */
export function readable(
  stack: string,
  values: Readonly<Record<string, unknown>>,
): ReadableStack {
  const shown = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      withPlaceholders(value),
    ]),
  );
  return { stack, values: shown, config: checkedConfig(stack, shown) };
}

/**
 * Configuration parsed from a stack's values, keys with their namespace.
 *
 * @throws {CommandError} with the problems found
 */
export function checkedConfig(
  stack: string,
  values: Readonly<Record<string, unknown>>,
): StackConfig {
  const own = Object.entries(values).flatMap(([key, value]) =>
    key.startsWith("mlstack:") ? [[key.slice("mlstack:".length), value]] : [],
  );
  // Loads the schema of every part of a stack.
  const { parseConfig } =
    require("../../config") as typeof import("../../config");
  try {
    return parseConfig(Object.fromEntries(own), stack);
  } catch (error) {
    throw new CommandError(
      error instanceof Error ? error.message : String(error),
    );
  }
}

/** Place of a stack, as text: `eks, eu-central-1`. */
export function placeOf({
  config: { target },
}: Pick<ReadableStack, "config">): string {
  return "region" in target ? `${target.kind}, ${target.region}` : target.kind;
}
