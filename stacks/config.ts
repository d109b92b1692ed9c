import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import { checkTarget, closedRanges, nodeSize, targetSchema } from "../infra";
import { describeProblem, type Problem } from "../infra/problem";
import { userInputParse, schemaProblems } from "../infra/schema-problems";
import {
  checkPipelineTeams,
  kubeflowSchema,
} from "../components/kubeflow/config";
import { kafkaSchema } from "../components/kafka/config";
import { observabilitySchema } from "../components/observability/config";
import { checkHistory, sparkSchema } from "../components/spark-history/config";
import { teamsSchema } from "../components/teams/config";
import { checkTeams } from "../components/teams/names";
import { poolsSchema } from "../infra/pools/config";
import { tagValue } from "../infra/tags";
import { declareWorkloads } from "../workloads/checks/declare-workloads";
import type { DeclaredWorkload } from "../workloads/declaration/declared-workload";
import { checkWorkloads, workloadsSchema } from "../workloads/config";
import { checkDemand } from "../workloads/checks/demand";
import {
  declareStreams,
  streamsSchema,
  type DeclaredStream,
} from "../workloads/streams";
import { budgetSchema, usageSchema } from "./cost/config";
import { inTodaysKeys } from "./former-keys";
import { shownValue } from "./plain-keys";

/** Configuration under `mlstack:` in a stack's file; strict, with defaults. */
export const stackSchema = z.strictObject({
  target: targetSchema.describe("Target on which the stack runs"),
  pools: poolsSchema.describe("Pools of identical nodes"),
  lifetime: z
    .enum(["long", "short"])
    .default("long")
    .describe(
      "A long-lived stack protects resources that cannot be recreated; a short-lived one leaves nothing behind",
    ),
  owner: tagValue
    .default("mlstack")
    .describe("Owner of the stack, as a tag of every resource"),
  expiry: z.iso
    .datetime("write an ISO instant in UTC")
    .optional()
    .describe(
      "Instant in UTC, in quotes, after which a short-lived stack may be destroyed; a tag of every resource",
    ),
  buckets: z
    .strictObject({
      versioned: z
        .boolean()
        .default(true)
        .describe(
          "Whether overwritten and deleted objects are kept as older versions",
        ),
      expireNoncurrentDays: z
        .number()
        .int()
        .min(1)
        .default(30)
        .describe("Days after which older versions are removed"),
    })
    .prefault({})
    .describe("Versioning of the stack's buckets"),
  teams: teamsSchema.describe("Teams: namespaces with quotas and members"),
  kubeflow: kubeflowSchema.describe("Parts of Kubeflow to install"),
  spark: sparkSchema.describe("Settings of Spark"),
  workloads: workloadsSchema.describe("Workloads of the stack"),
  kafka: kafkaSchema.optional().describe("Kafka cluster of the streams"),
  streams: streamsSchema.describe("Data sets ingested from streams of events"),
  observability: observabilitySchema.describe(
    "Metrics, dashboards and alerts of the stack",
  ),
  budget: budgetSchema.optional().describe("Budget of the stack"),
  usage: usageSchema.describe(
    "Expected use of the stack, for its typical cost",
  ),
});

/** A stack's configuration, checked and complete. */
export interface StackConfig extends z.output<typeof stackSchema> {
  /** The workloads of folders that it names, as those declare them. */
  readonly declared: readonly DeclaredWorkload[];
  /** The data sets that it keeps from streams, as their folders declare them. */
  readonly declaredStreams: readonly DeclaredStream[];
}

/** A configuration that cannot be used; the message has a line a problem. */
export class ConfigError extends pulumi.RunError {
  constructor(
    readonly problems: readonly Problem[],
    stack: string,
  ) {
    super(
      [
        `stack ${stack}: ${problems.length} ${problems.length === 1 ? "problem" : "problems"} in its configuration; nothing was changed`,
        ...problems.map((problem) => `  ${describeProblem(problem)}`),
      ].join("\n"),
    );
  }
}

/** Reads the configuration of the selected stack. @throws {ConfigError} with every problem at once. */
export function loadConfig(): StackConfig {
  const prefix = `${pulumi.getProject()}:`;
  const values = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), decode(value)] as const);
  return parseConfig(Object.fromEntries(values), pulumi.getStack());
}

/** Checks values as they stand in a stack's file. @throws {ConfigError} with every problem at once. */
export function parseConfig(
  values: Readonly<Record<string, unknown>>,
  stack: string,
): StackConfig {
  const parsed = stackSchema.safeParse(values, userInputParse);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues
        .flatMap((issue) => schemaProblems(issue, shownValue))
        .map(inTodaysKeys),
      stack,
    );
  }
  const { workloads: declared, problems: ownProblems } = declareWorkloads(
    parsed.data.workloads.own,
    parsed.data,
  );
  const { streams: declaredStreams, problems: streamProblems } = declareStreams(
    "streams",
    { ...parsed.data, kafka: parsed.data.kafka, declared },
  );
  const problems = [
    ...ownProblems,
    ...checkTarget(
      parsed.data.target.kind,
      parsed.data.pools,
      parsed.data.target,
    ),
    ...checkTeams(
      "teams",
      parsed.data.teams,
      closedRanges(parsed.data.target.kind, parsed.data.target),
    ),
    ...checkHistory("spark.history", parsed.data.spark.history, parsed.data),
    ...checkPipelineTeams(parsed.data.kubeflow, parsed.data.teams),
    ...checkWorkloads(parsed.data),
    ...streamProblems,
  ];
  const { kind } = parsed.data.target;
  problems.push(
    ...checkDemand(
      { ...parsed.data, declared },
      (pool) => nodeSize(kind, pool),
      problems,
    ),
  );
  if (problems.length > 0) throw new ConfigError(problems, stack);
  return { ...parsed.data, declared, declaredStreams };
}

/** Structured values arrive as JSON, plain ones as text. */
function decode(value: string): unknown {
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
