import * as pulumi from "@pulumi/pulumi";

/** Parents that the click-stream workload's jobs had up to 0.1, before there were steps. */
const formerParents: Readonly<
  Record<string, { readonly type: string; readonly name: string }>
> = {
  xgboost: { type: "Trainings", name: "clickstream" },
  pytorch: { type: "Trainings", name: "clickstream" },
  tensorflow: { type: "Trainings", name: "clickstream" },
  pipeline: { type: "ClickstreamPipeline", name: "clickstream-pipeline" },
};

/** Types of a workload up to 0.1: without these aliases, Pulumi would delete its objects after it has made new ones under the same names. */
export function formerWorkload(name: string): pulumi.Alias[] {
  return name === "clickstream"
    ? [{ type: "mlstack:workloads:Clickstream" }]
    : [];
}

/** Aliases of a step's resources in versions up to 0.1; see {@link formerWorkload}. */
export function formerStep(workload: string, step: string): pulumi.Alias[] {
  if (workload !== "clickstream") return [];
  if (step === "serving") return [{ type: "mlstack:components:ModelServer" }];
  const former = formerParents[step];
  if (former === undefined) return [];
  const { type, name } = former;
  const stack = `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}`;
  const parent = `${stack}::mlstack:workloads:Clickstream$mlstack:workloads:${type}::${name}`;
  return [{ parent }];
}

/** Names of the Spark image of a workload up to 0.1; see {@link formerWorkload}. */
export function formerSparkImage(workload: string): pulumi.Alias[] {
  return workload === "clickstream" ? [{ name: "spark" }] : [];
}
