import type { Digest, Step } from "../../../stacks/preview/digest";

type Properties = Readonly<Record<string, unknown>>;

/** A step as the engine writes it, with what a test says of it. */
export function step(
  op: string,
  type: string,
  name: string,
  inputs: { readonly before?: Properties; readonly after?: Properties } = {},
  more: Partial<Step> = {},
): Step {
  const state = (properties: Properties | undefined) =>
    properties && {
      type: type.split("$").at(-1) ?? type,
      inputs: { ...properties },
      protect: false,
    };
  return {
    op,
    urn: `urn:pulumi:aws::mlstack::${type}::${name}`,
    oldState: state(inputs.before),
    newState: state(inputs.after),
    ...more,
  };
}

/** A digest of the steps, counted as the engine counts them. */
export function digestOf(steps: readonly Step[], same = 0): Digest {
  const changeSummary: Record<string, number> = same > 0 ? { same } : {};
  for (const { op } of steps) changeSummary[op] = (changeSummary[op] ?? 0) + 1;
  return { steps: [...steps], changeSummary };
}
