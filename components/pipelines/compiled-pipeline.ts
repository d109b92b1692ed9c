import { createHash } from "node:crypto";

import { parse } from "yaml";

/** A pipeline in KFP's intermediate representation, as far as deployment touches it (pipeline_spec.proto). */
export interface CompiledPipeline {
  readonly pipelineInfo: { readonly name: string };
  readonly root: {
    readonly inputDefinitions?: {
      readonly parameters?: Readonly<Record<string, PipelineParameter>>;
    };
    readonly [field: string]: unknown;
  };
  readonly deploymentSpec: {
    readonly executors: Readonly<Record<string, PipelineExecutor>>;
  };
  readonly [field: string]: unknown;
}

/** A parameter of a pipeline. */
export interface PipelineParameter {
  readonly defaultValue?: ParameterValue;
  readonly isOptional?: boolean;
  readonly parameterType: string;
  readonly [field: string]: unknown;
}

interface PipelineExecutor {
  readonly container: {
    readonly image: string;
    readonly [field: string]: unknown;
  };
}

/** Values that a stack sets in a compiled pipeline. */
export interface PipelineDeployment {
  /** Image of every step. */
  readonly image: string;
  /** Values of parameters where a run gives none. */
  readonly defaults: Readonly<Record<string, ParameterValue>>;
}

/** Value of a parameter. */
export type ParameterValue = string | number | boolean | object;

/** Reads a compiled pipeline from the text of its file. */
export function readPipeline(text: string): CompiledPipeline {
  return parse(text) as CompiledPipeline;
}

/** A text as a value of a parameter's type; or what is to be written instead. */
export function valueOfType(
  { parameterType }: PipelineParameter,
  text: string,
): { readonly value: ParameterValue } | { readonly fault: string } {
  switch (parameterType) {
    case "NUMBER_INTEGER":
    case "NUMBER_DOUBLE": {
      const value = Number(text);
      const whole = parameterType === "NUMBER_INTEGER";
      if (
        text.trim() !== "" &&
        (whole ? Number.isInteger(value) : !Number.isNaN(value))
      )
        return { value };
      return { fault: `write a ${whole ? "whole number" : "number"}` };
    }
    case "BOOLEAN":
      return text === "true" || text === "false"
        ? { value: text === "true" }
        : { fault: "write true or false" };
    case "LIST":
    case "STRUCT":
      return jsonOf(text, parameterType === "LIST");
    default:
      return { value: text };
  }
}

function jsonOf(text: string, list: boolean): ReturnType<typeof valueOfType> {
  const fault = `write a ${list ? "list" : "section"} as JSON`;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" &&
      value !== null &&
      Array.isArray(value) === list
      ? { value }
      : { fault };
  } catch {
    return { fault };
  }
}

/** The pipeline as a stack runs it: with its image, and its own defaults. @throws {RangeError} for a parameter that it lacks. */
export function deployPipeline(
  pipeline: CompiledPipeline,
  { image, defaults }: PipelineDeployment,
): CompiledPipeline {
  const { parameters = {} } = pipeline.root.inputDefinitions ?? {};
  const unknown = Object.keys(defaults).filter((name) => !(name in parameters));
  if (unknown.length > 0) {
    const known = Object.keys(parameters).join(", ");
    throw new RangeError(
      `pipeline ${pipeline.pipelineInfo.name}: no parameter ${unknown.join(", ")}; it has ${known}`,
    );
  }
  const withDefaults = mapValues(
    parameters,
    (parameter, name): PipelineParameter => {
      const defaultValue = defaults[name];
      return defaultValue === undefined
        ? parameter
        : { ...parameter, defaultValue, isOptional: true };
    },
  );
  return {
    ...pipeline,
    root: {
      ...pipeline.root,
      ...(pipeline.root.inputDefinitions && {
        inputDefinitions: {
          ...pipeline.root.inputDefinitions,
          parameters: withDefaults,
        },
      }),
    },
    deploymentSpec: {
      ...pipeline.deploymentSpec,
      executors: mapValues(pipeline.deploymentSpec.executors, (executor) => ({
        ...executor,
        container: { ...executor.container, image },
      })),
    },
  };
}

/** Short name of a content, such as a pipeline's: another image, default or step is another version. */
export function contentHash(content: object): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(content)))
    .digest("hex")
    .slice(0, 12);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value, key: string) => Result,
): Record<string, Result> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, change(value, key)]),
  );
}
