import { Option } from "@commander-js/extra-typings";

import { stackNames } from "../stack-file/stack-file";

/** `--stack`: the stack of a command. The reader of its file reports a missing one. */
export function stackOption() {
  const option = new Option("-s, --stack <stack>", "the stack").default(
    "local",
  );
  // For help and completion; `choices()` would refuse a stack whose file is gone before the command can say why.
  option.argChoices = stackNames();
  return option;
}

/** `--json`: the report as data. */
export function jsonOption() {
  return new Option("--json", "print the report as JSON");
}

/** `--yes`: no questions. */
export function yesOption() {
  return new Option("-y, --yes", "do not ask");
}

/** `--local-state`: a long-lived stack may live on this machine alone. */
export function localStateOption() {
  return new Option(
    "--local-state",
    "keep the state of a long-lived stack on this machine, protected only by its folder's permissions",
  );
}

/** Examples for the end of a command's help: each a command line and what it does. */
export function examples(
  ...lines: readonly (readonly [line: string, does: string])[]
): string {
  const width = Math.max(...lines.map(([line]) => line.length));
  return [
    "",
    "Examples:",
    ...lines.map(([line, does]) => `  ${line.padEnd(width)}  # ${does}`),
  ].join("\n");
}
