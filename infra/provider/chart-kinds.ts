import { z } from "zod";

import type { ResourceKind } from "./resource";

// Loaded when there is something to do: a preview only compares.
const definitions = () =>
  require("../charts/chart-definitions") as typeof import("../charts/chart-definitions");

const schema = z.strictObject({
  /** Secret. */
  kubeconfig: z.string(),
  chart: z.string().min(1),
  repository: z.string().min(1),
  version: z.string().min(1),
});

type Inputs = z.output<typeof schema>;

/**
 * The custom resource definitions in a chart's folder `crds`, as its version has them. Helm creates these with the first
 * release and never changes them. They stay when the resource goes, as Helm leaves them: a deletion takes all objects.
 */
export const chartKinds: ResourceKind<Inputs, Inputs> = {
  type: "mlstack:index:ChartKinds",
  schema,
  diff: () => ({ update: Object.keys(schema.shape) }),
  preview: (inputs) => inputs,
  create: async (inputs, context) => {
    await definitions().applyDefinitions(inputs, context);
    return { id: inputs.chart, outs: inputs };
  },
  update: async (_id, _outs, news, context) => {
    await definitions().applyDefinitions(news, context);
    return { outs: news };
  },
};
