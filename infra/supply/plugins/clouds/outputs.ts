import { pluginsWithStandIn } from "../../..";

type Properties = Readonly<Record<string, unknown>>;

/** What the clouds add to the inputs of a resource: as much of it as the targets read. */
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
