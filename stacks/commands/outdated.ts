import type { Command } from "@commander-js/extra-typings";

import { lookUp } from "../outdated/look-up";
import type { Looked } from "../outdated/pin";
import { allPins } from "../outdated/pins";
import { root } from "./cli/paths";
import { examples, jsonOption } from "./cli/options";
import { table } from "./cli/table";

/** `outdated`: what the project pins, and what is newer, by the projects' own indexes. It changes nothing, and ends well in any case. */
export function define(command: Command): void {
  command
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["npm run outdated", "pins with a newer release, and failed look-ups"],
        ["npm run -s outdated -- --json", "every pin, as JSON"],
      ),
    )
    .action(async ({ json }) => {
      const found = await lookUp(allPins(root));
      process.stdout.write(
        json === true
          ? `${JSON.stringify(found, null, 2)}\n`
          : describeOutdated(found),
      );
    });
}

/** The pins with a newer release, one line for each that could not be looked up, and how many there are. */
export function describeOutdated(found: readonly Looked[]): string {
  const outdated = found.flatMap((pin) =>
    "newest" in pin && pin.outdated ? [pin] : [],
  );
  const unknown = found.flatMap((pin) => ("cause" in pin ? [pin] : []));
  const rows = outdated.map(({ of, name, version, newest, releases }) => [
    ...[of, name, version, newest, releases],
  ]);
  return [
    ...(rows.length > 0
      ? [table(["OF", "NAME", "PINNED", "NEWEST", "RELEASES"], rows), ""]
      : []),
    ...unknown.map(
      ({ of, name, version, cause }) =>
        `  ${of} ${name} ${version}: not looked up: ${cause}`,
    ),
    ...(unknown.length > 0 ? [""] : []),
    `${found.length} pins: ${outdated.length} with a newer release, ${found.length - outdated.length - unknown.length} at the newest, ${unknown.length} not looked up`,
    "",
  ].join("\n");
}
