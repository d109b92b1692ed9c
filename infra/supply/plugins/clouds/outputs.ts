import { pluginsWithStandIn } from "../../..";

type Properties = Readonly<Record<string, unknown>>;

/** Outputs that the clouds add to a resource's inputs, as far as the targets read them. */
export function cloudOutputs(
  type: string,
  inputs: Properties,
  name: string,
): Properties {
  const add = pluginsWithStandIn()
    .map(({ standIn }) => standIn.outputs[type])
    .find((found) => found !== undefined);
  return add?.(inputs, name) ?? {};
}

/** Functions of the clouds that the targets call. */
export function cloudCalls(): Readonly<
  Record<string, (args: Properties) => object>
> {
  return Object.assign(
    {},
    ...pluginsWithStandIn().map(({ standIn }) => standIn.calls),
  ) as Record<string, (args: Properties) => object>;
}
