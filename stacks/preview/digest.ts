import { z } from "zod";

import { parseUrn } from "../../infra/provider/plugin/urn";

const properties = z.record(z.string(), z.unknown()).nullish();

const stateSchema = z.object({
  type: z.string(),
  inputs: properties,
  outputs: properties,
  protect: z.boolean().default(false),
});

const stepSchema = z.object({
  op: z.string(),
  urn: z.string(),
  oldState: stateSchema.nullish(),
  newState: stateSchema.nullish(),
  diffReasons: z.array(z.string()).nullish(),
  replaceReasons: z.array(z.string()).nullish(),
  detailedDiff: z.record(z.string(), z.object({ kind: z.string() })).nullish(),
});

const digestSchema = z.object({
  steps: z.array(stepSchema).nullish(),
  diagnostics: z
    .array(z.object({ message: z.string(), severity: z.string() }))
    .nullish(),
  changeSummary: z.record(z.string(), z.number()).nullish(),
});

/** One resource that a preview would touch; secrets are already `[secret]` in it. */
export type Step = z.output<typeof stepSchema>;

/** Output of `pulumi preview --json`. */
export type Digest = z.output<typeof digestSchema>;

/** Reads the JSON of `pulumi preview --json`. @throws when it is not that. */
export function parseDigest(text: string): Digest {
  return digestSchema.parse(JSON.parse(text));
}

/** Name of a resource in the program. */
export function nameOf({ urn }: Pick<Step, "urn">): string {
  return parseUrn(urn).name;
}

/** Type of a resource, without those of its parents. */
export function typeOf({ urn }: Pick<Step, "urn">): string {
  return parseUrn(urn).type;
}
