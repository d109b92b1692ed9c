import { readFileSync } from "node:fs";

import * as pulumi from "@pulumi/pulumi";

import {
  deployPipeline,
  readPipeline,
  valueOfType,
  type CompiledPipeline,
  type ParameterValue,
} from "../../components/pipelines/compiled-pipeline";
import { KubeflowPipeline } from "../../components/pipelines/kubeflow-pipeline";
import { PipelineRun } from "../../components/pipelines/pipeline-run";
import type { StepOf } from "../schema/step";
import type { Runner } from "./runner";

/** A compiled pipeline: on Kubeflow Pipelines where the stack has it, and in a Job with KFP's own runner elsewhere. */
export const pipeline: Runner<StepOf<"pipeline">> = (
  name,
  { step, given, pipelines, ...args },
  opts,
) => {
  if (given === undefined) return undefined;
  const compiled = readPipeline(readFileSync(given.file, "utf8"));
  const typed = (values: Readonly<Record<string, pulumi.Input<string>>>) =>
    typedValues(name, compiled, values);
  const run = {
    ...args,
    pipeline: pulumi
      .all([args.image, pulumi.all(typed(given.parameters))])
      .apply(([image, defaults]) =>
        deployPipeline(compiled, { image, defaults }),
      ),
    arguments: typed(given.arguments),
    submits: given.submits,
    size: step.size,
    after: [...args.after, ...given.ready],
  };
  if (pipelines === undefined)
    return new PipelineRun(name, { ...run, cache: given.cache }, opts).end;
  const { schedule } = step;
  const { grants, record } = given;
  const { declaration, ...onKubeflow } = run;
  return new KubeflowPipeline(
    name,
    {
      ...onKubeflow,
      ...{ installed: pipelines, grants, schedule, record },
      // The run sets the schedule, which must not stay with a version that is gone.
      declaration: schedule === undefined ? declaration : undefined,
    },
    opts,
  ).end;
};

/** Texts in the types of the pipeline's parameters. */
function typedValues(
  name: string,
  { root }: CompiledPipeline,
  values: Readonly<Record<string, pulumi.Input<string>>>,
): Record<string, pulumi.Output<ParameterValue>> {
  const known = root.inputDefinitions?.parameters ?? {};
  return Object.fromEntries(
    Object.entries(values).map(([parameter, value]) => [
      parameter,
      pulumi.output(value).apply((text) => {
        const declared = known[parameter];
        const typed = declared ? valueOfType(declared, text) : { value: text };
        if ("value" in typed) return typed.value;
        throw new pulumi.RunError(
          `workload ${name}: parameter ${parameter}: ${JSON.stringify(text)}: ${typed.fault}`,
        );
      }),
    ]),
  );
}
