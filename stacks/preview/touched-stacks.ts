import { isOnOwnMachine, targetKinds } from "../../infra";

/** A stack that pull requests preview. */
export interface PreviewedStack {
  readonly name: string;
  /** Kind of its target. */
  readonly target: string;
}

/** Paths that affect no stack: tests, documentation and operation of the program. */
const outside: readonly RegExp[] = [
  /^(test|infra\/(supply|audit)|\.github|\.ci)\//,
  /^stacks\/(commands|preview|ephemeral|policy)\//,
  /^workloads\/.*\/tests\//,
  /\.(md|log)$/,
  /^(LICENSE|\.[^/]+|eslint\.config\.mjs)$/,
];

/** Stacks that a change of the files can change. */
export function touchedStacks<Stack extends PreviewedStack>(
  files: readonly string[],
  stacks: readonly Stack[],
): Stack[] {
  return stacks.filter(
    (stack) =>
      !isOnOwnMachine(stack.target) &&
      files.some((file) => touches(file, stack, stacks)),
  );
}

function touches(
  file: string,
  { name, target }: PreviewedStack,
  stacks: readonly PreviewedStack[],
): boolean {
  if (outside.some((pattern) => pattern.test(file))) return false;
  const config = /^stacks\/Pulumi\.(.+)\.yaml$/.exec(file)?.[1];
  if (config !== undefined) return config === name;
  const folder = /^infra\/([^/]+)\//.exec(file)?.[1];
  // A folder of infra is a target's when its name is; the others are for all.
  const kinds = [...targetKinds, ...stacks.map((stack) => stack.target)];
  return folder === undefined || !kinds.includes(folder) || folder === target;
}
