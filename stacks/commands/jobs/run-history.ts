import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { z } from "zod";

import { nodeUseSchema } from "../../../infra/provider/node-use";
import { stackFolder } from "../cli/paths";
import type { WorkloadReport } from "./workload-report";

const runSchema = z.object({
  uid: z.string(),
  namespace: z.string(),
  name: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  /** Seconds until its first pod ran, from its creation. */
  wait: z.number().optional(),
  nodeUse: z.array(nodeUseSchema),
});

/** A run that has ended, as the history of a stack keeps it. */
export type PastRun = z.output<typeof runSchema>;

/** Runs that ended on a stack, a line each: reports have the last one of each job alone. */
function historyFile(stack: string): string {
  return join(stackFolder(stack), "runs.jsonl");
}

/** Adds the runs of a report that the history does not have yet. A history that cannot be written fails no command. */
export function keepRuns(
  stack: string,
  workloads: readonly WorkloadReport[],
): void {
  try {
    const known = new Set(readRuns(stack).map(({ uid }) => uid));
    const lines = workloads.flatMap(({ startup, ...each }) => {
      const run = runSchema.safeParse({ ...each, wait: startup.driver }).data;
      return run && run.nodeUse.length > 0 && !known.has(run.uid)
        ? [`${JSON.stringify(run)}\n`]
        : [];
    });
    if (lines.length === 0) return;
    const file = historyFile(stack);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, lines.join(""), { mode: 0o600 });
  } catch (error) {
    process.stderr.write(
      `mlstack: the history of runs was not written: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  }
}

/** The runs that a stack's history has; lines that cannot be read, such as one that was cut off, are left out. */
export function readRuns(stack: string): PastRun[] {
  const file = historyFile(stack);
  return existsSync(file) ? runsIn(readFileSync(file, "utf8")) : [];
}

/** The runs in the text of a history, each once. */
export function runsIn(text: string): PastRun[] {
  const runs = text.split("\n").flatMap((line) => {
    try {
      return runSchema.safeParse(JSON.parse(line)).data ?? [];
    } catch {
      return [];
    }
  });
  return [...new Map(runs.map((run) => [run.uid, run])).values()];
}
