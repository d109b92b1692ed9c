import { z } from "zod";

import { bucketNames } from "../../components/stores/hudi-store";

/** Name of a folder's declaration. */
export const workloadFile = "workload.yaml";

/** Buckets by the names that a workload uses for them. */
export const bucketName = z.enum(
  Object.values(bucketNames) as [
    (typeof bucketNames)[keyof typeof bucketNames],
    ...(typeof bucketNames)[keyof typeof bucketNames][],
  ],
);

/** A DNS label of that many characters at most. */
export const dnsLabel = (longest: number) =>
  z
    .string()
    .regex(
      new RegExp(`^[a-z]([-a-z0-9]{0,${longest - 2}}[a-z0-9])?$`),
      `use lower-case letters, digits and hyphens, at most ${longest}, starting with a letter`,
    );

/** Name of a step. */
export const stepName = dnsLabel(30);

/** Name of an input, a parameter or a field of a result. */
export const fieldName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_]{0,62}$/,
    "use letters, digits and underscores, starting with a letter",
  );

/** A duration such as `30m`. */
export const duration = z
  .string()
  .regex(
    /^[1-9]\d{0,5}[smhd]$/,
    "write a whole number with s, m, h or d, such as 90s, 30m or 10h",
  );

/** Seconds of a duration such as `30m`. */
export function secondsOf(text: string): number {
  const unit = { s: 1, m: 60, h: 3600, d: 86_400 }[text.at(-1) ?? ""] ?? 1;
  return Number.parseInt(text, 10) * unit;
}

/** Name of a workload, and of its folder. */
export const workloadName = dnsLabel(30);
