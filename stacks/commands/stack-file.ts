import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { CommandError, root } from "./command";

const stackFile = z.object({
  config: z.looseObject({
    "mlstack:target": z.looseObject({ kind: z.string() }).optional(),
    "mlstack:lifetime": z.string().optional(),
  }),
});

/** What a command must know of a stack before the program runs; the program checks the rest. */
export interface StackFile {
  readonly path: string;
  /** Kind of the target; the program says what is wrong with one that it does not know. */
  readonly kind: string | undefined;
  /** Whether it runs on this machine, so that what that needs is built first. */
  readonly embedded: boolean;
  /** Whether it may come and go without being asked about. */
  readonly shortLived: boolean;
}

/** Reads a stack's file. @throws {CommandError} when there is none, naming those that there are. */
export function readStackFile(stack: string): StackFile {
  const path = join(root, `stacks/Pulumi.${stack}.yaml`);
  if (!existsSync(path)) {
    throw new CommandError(
      `--stack: ${JSON.stringify(stack)}: no such stack; choose one of ${stackNames().join(", ")}`,
    );
  }
  const parsed = stackFile.safeParse(parse(readFileSync(path, "utf8")));
  const kind = parsed.data?.config["mlstack:target"]?.kind;
  return {
    path,
    kind,
    embedded: kind === "local",
    shortLived: parsed.data?.config["mlstack:lifetime"] === "short",
  };
}

/** Stacks that have a file. */
export function stackNames(): string[] {
  return readdirSync(join(root, "stacks")).flatMap((file) => {
    const name = /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1];
    return name === undefined ? [] : [name];
  });
}
