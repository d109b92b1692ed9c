import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { z } from "zod";

import { type CloudRecording, isOfCloud } from "./recordings";

/** Findings of the models. */
const verdictSchema = z.object({
  findings: z.array(
    z.object({
      variant: z.string(),
      type: z.string(),
      name: z.string(),
      finding: z.string(),
    }),
  ),
  unoffered: z.array(z.object({ region: z.string(), type: z.string() })),
  instanceTypes: z.array(z.string()),
});

export type Verdict = z.output<typeof verdictSchema>;

/** Resources as the judge reads them. */
export interface JudgedRecording {
  readonly cloud: string;
  readonly variant: string;
  readonly region: string;
  readonly resources: readonly {
    readonly type: string;
    readonly name: string;
    readonly inputs: Readonly<Record<string, unknown>>;
  }[];
}

/** A recording without what no cloud makes. */
export function judged(recording: CloudRecording): JudgedRecording {
  const { cloud, variant, region } = recording;
  const resources = recording.resources
    .filter(isOfCloud)
    .map(({ type, name, inputs }) => ({ type, name, inputs }));
  return { cloud, variant: `${cloud} ${variant}`, region, resources };
}

/**
 * Holds recordings against the clouds' published models, in one Python process.
 *
 * @param spot instance types that a region must offer
 * @throws {Error} when the environment cannot be installed, with what pip says
 */
export function judge(
  recordings: readonly JudgedRecording[],
  spot: readonly {
    readonly region: string;
    readonly types: readonly string[];
  }[],
): Verdict {
  const answer = execFileSync(join(__dirname, "judge/run"), {
    input: JSON.stringify({ recordings, spot }),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["pipe", "pipe", "inherit"],
  });
  return verdictSchema.parse(JSON.parse(answer));
}
