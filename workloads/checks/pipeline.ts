import { readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import {
  readPipeline,
  valueOfType,
  type PipelineParameter,
} from "../../components/pipelines/compiled-pipeline";
import { isInFolder } from "./image";
import type { Report } from "./report";
import type { StepOf } from "../schema/step";

const compiled = z.looseObject({
  pipelineInfo: z.looseObject({ name: z.string() }),
  root: z.looseObject({}),
  deploymentSpec: z.looseObject({
    executors: z.record(
      z.string(),
      z.looseObject({ container: z.looseObject({ image: z.string() }) }),
    ),
  }),
});

/**
 * Checks a pipeline's file, and the values of its parameters that are known in advance.
 *
 * @param folder that of the workload
 * @param known text of a value that is known before anything runs
 */
export function checkPipeline(
  step: StepOf<"pipeline">,
  folder: string,
  known: (
    value: StepOf<"pipeline">["parameters"][string],
  ) => string | undefined,
  report: Report,
): void {
  const parameters = parametersIn(step.file, folder, report);
  if (parameters === undefined) return;
  for (const key of ["parameters", "arguments"] as const) {
    for (const [name, value] of Object.entries(step[key])) {
      const parameter = parameters[name];
      if (parameter === undefined) {
        const names = Object.keys(parameters).join(", ");
        const remedy =
          names === ""
            ? "the pipeline has no parameters; leave it out"
            : `the pipeline has no such parameter; choose one of ${names}`;
        report([key, name], name, remedy);
        continue;
      }
      const text = known(value);
      if (text === undefined) continue;
      const typed = valueOfType(parameter, text);
      if ("fault" in typed) report([key, name], text, typed.fault);
    }
  }
  for (const [name, parameter] of Object.entries(parameters)) {
    const given = name in step.parameters || name in step.arguments;
    if (given || parameter.isOptional || parameter.defaultValue !== undefined)
      continue;
    report(
      ["parameters", name],
      undefined,
      "the pipeline has no default for it; set it",
    );
  }
}

function parametersIn(
  file: string,
  folder: string,
  report: Report,
): Readonly<Record<string, PipelineParameter>> | undefined {
  if (!isInFolder(["file"], file, "file", folder, report)) return undefined;
  try {
    const pipeline = readPipeline(readFileSync(join(folder, file), "utf8"));
    if (compiled.safeParse(pipeline).success)
      return pipeline.root.inputDefinitions?.parameters ?? {};
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  report(
    ["file"],
    file,
    "it is no pipeline that KFP has compiled; compile it anew",
  );
  return undefined;
}
