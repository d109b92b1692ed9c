import type { Command } from "@commander-js/extra-typings";

import { prepare } from "../../infra/supply";
import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { examples, stackOption } from "./cli/options";
import { readStackFile } from "./stack-file/stack-file";

/** `prepare`: builds and fetches what `up` of a stack, or of any, would at first; or single programs of the toolchain. */
export function define(command: Command): void {
  command
    .addOption(stackOption().default(undefined, "any stack"))
    .option("--tool <names...>", "build only these programs of the toolchain")
    .addHelpText(
      "after",
      examples(
        ["npm run prepare:local", "for any stack on this machine"],
        ["npm run prepare:local -- --stack local", "for this one alone"],
        ["npm run prepare:local -- --tool actionlint", "one program"],
      ),
    )
    .action(async ({ stack, tool }) => {
      if (tool) return ensureTools(tool, terminalProgress);
      await prepare(
        stack === undefined ? undefined : readStackFile(stack).parts,
      );
    });
}
