import type { Command } from "@commander-js/extra-typings";

import { prepare } from "../../airgap";
import { examples, stackOption } from "./options";
import { readStackFile } from "./stack-file";

/** `prepare`: builds and fetches what `up` of a stack, or of any, would at first. */
export function define(command: Command): void {
  command
    .addOption(stackOption().default(undefined, "any stack"))
    .addHelpText(
      "after",
      examples(
        ["npm run prepare:local", "for any stack on this machine"],
        ["npm run prepare:local -- --stack local", "for this one alone"],
      ),
    )
    .action(async ({ stack }) => {
      await prepare(
        stack === undefined ? undefined : readStackFile(stack).parts,
      );
    });
}
