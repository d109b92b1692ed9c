import { z } from "zod";

import type { ResourceKind } from "./resource";

// Loaded when there is something to do: a preview only compares.
const groupsOf = () =>
  require("../eks/node-group-bounds") as typeof import("../eks/node-group-bounds");

const schema = z.strictObject({
  region: z.string().min(1),
  cluster: z.string().min(1),
  group: z.string().min(1),
  min: z.number().int().min(0),
  max: z.number().int().min(1),
});

type Inputs = z.output<typeof schema>;

/** Bounds of a managed node group of EKS; how many nodes it has between them is the autoscaler's. */
export const nodeGroupSize: ResourceKind<Inputs, Inputs> = {
  type: "mlstack:index:NodeGroupSize",
  schema,
  diff: () => ({ update: Object.keys(schema.shape) }),
  preview: (inputs) => inputs,
  create: async (inputs, context) => {
    await bound(inputs, context);
    return { id: `${inputs.cluster}/${inputs.group}`, outs: inputs };
  },
  update: async (_id, _outs, news, context) => {
    await bound(news, context);
    return { outs: news };
  },
  read: async (_id, outs, { signal, log }) => {
    const { NodeGroups } = groupsOf();
    const bounds = await new NodeGroups(signal, log).bounds(outs);
    return bounds && { outs: { ...outs, ...bounds } };
  },
};

async function bound(
  inputs: Inputs,
  { signal, log }: Parameters<typeof nodeGroupSize.create>[1],
): Promise<void> {
  const { NodeGroups } = groupsOf();
  await new NodeGroups(signal, log).bound(inputs, inputs);
}
