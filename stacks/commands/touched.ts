import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "@commander-js/extra-typings";
import { parse } from "yaml";
import { z } from "zod";

import { touchedStacks } from "../preview/touched-stacks";
import { root } from "./cli/paths";
import { stackNames } from "./stack-file/stack-file";

const stackFile = z.object({
  config: z.object({ "mlstack:target": z.looseObject({ kind: z.string() }) }),
});

/** `touched`: JSON of the stacks that the commits since another can change. */
export function define(command: Command): void {
  command
    .requiredOption("--base <commit>", "the commit to compare with")
    .action(({ base }) => {
      const files = execFileSync(
        "git",
        ["diff", "--name-only", "-z", `${base}...HEAD`],
        { cwd: root, encoding: "utf8" },
      ).split("\0");
      const stacks = stackNames().map((name) => ({ name, ...targetOf(name) }));
      const touched = touchedStacks(files.filter(Boolean), stacks);
      process.stdout.write(`${JSON.stringify(touched)}\n`);
    });
}

function targetOf(stack: string) {
  const text = readFileSync(join(root, `stacks/Pulumi.${stack}.yaml`), "utf8");
  const target = stackFile.parse(parse(text)).config["mlstack:target"];
  const { kind, region } = target;
  return { target: kind, region: typeof region === "string" ? region : "" };
}
