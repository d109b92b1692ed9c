import { z } from "zod";

/** Index of a Helm repository: versions of each chart, with where each is and its SHA-256. */
export const chartIndexSchema = z.looseObject({
  entries: z.record(
    z.string(),
    z.array(
      z.looseObject({
        version: z.string(),
        urls: z.array(z.string()).default([]),
        digest: z.string().optional(),
      }),
    ),
  ),
});

/** Address of the index; the addresses in it may be relative to it. */
export function chartIndexAddress(repository: string): string {
  return `${repository.replace(/\/+$/, "")}/index.yaml`;
}
