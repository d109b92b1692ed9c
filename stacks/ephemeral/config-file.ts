import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { Document, parse } from "yaml";
import { z } from "zod";

import { CommandError } from "../commands/cli/command-error";
import { root } from "../commands/cli/paths";
import { stackNames } from "../commands/stack-file/stack-file";

/** Parts of every stack file. */
export const stackFileSchema = z.looseObject({
  config: z.record(z.string(), z.unknown()),
  secretsprovider: z.string().optional(),
});

/** A stack's file: its configuration, and how its secrets are encrypted. */
export type ConfigFile = z.output<typeof stackFileSchema>;

/** Path of a stack's file. */
export function configPath(stack: string): string {
  // In a back end with organizations a stack has the organization's name before its own.
  return join(root, "stacks", `Pulumi.${stack.split("/").at(-1) ?? ""}.yaml`);
}

/** Reads a stack's file. @throws {CommandError} when there is none. */
export function readConfigFile(stack: string): ConfigFile {
  const file = configPath(stack);
  if (!existsSync(file)) {
    throw new CommandError(
      `stack ${JSON.stringify(stack)}: has no file; choose one of ${stackNames().join(", ")}`,
    );
  }
  return stackFileSchema.parse(parse(readFileSync(file, "utf8")));
}

/** Text of the file of a short-lived stack. */
export function ephemeralText(
  from: string,
  config: Readonly<Record<string, unknown>>,
  encryption: Readonly<Record<string, unknown>>,
): string {
  // By YAML 1.1, as Pulumi reads it, an instant without quotes is no text: Pulumi would write it back in another form.
  const document = new Document({ ...encryption, config }, { version: "1.1" });
  document.commentBefore = ` Derived from Pulumi.${from}.yaml by \`npm run ephemeral\`: not to be committed.`;
  return document.toString({ lineWidth: 0 });
}
