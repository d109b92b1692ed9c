import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import { checkTarget, closedRanges, nodeSize, targetSchema } from "../infra";
import { cidr } from "../infra/cidr";
import { describeProblem, type Problem } from "../infra/problem";
import { schemaProblems } from "../infra/schema-problems";
import {
  checkPipelineTeams,
  kubeflowSchema,
} from "../components/kubeflow/config";
import { kafkaSchema } from "../components/kafka/config";
import { observabilitySchema } from "../components/observability/config";
import { checkHistory, sparkSchema } from "../components/spark-history/config";
import { quantity } from "../infra/quantity";
import { checkTeams } from "../components/team-names";
import {
  defaultNodeDisk,
  defaultObjects,
  defaultStorage,
} from "../components/team-quota";
import { tagValue } from "../infra/tags";
import { declareWorkloads } from "../workloads/check";
import type { DeclaredWorkload } from "../workloads/declared-workload";
import { checkWorkloads, workloadsSchema } from "../workloads/config";
import { checkDemand } from "../workloads/demand";
import {
  declareStreams,
  streamsSchema,
  type DeclaredStream,
} from "../workloads/streams";
import { budgetSchema, usageSchema } from "./cost/config";
import { inTodaysKeys } from "./former-keys";
import { shownValue } from "./plain-keys";

const dnsLabel = z
  .string()
  .regex(
    /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/,
    "use lower-case letters, digits and hyphens, at most 40, starting with a letter",
  );

const poolSchema = z
  .strictObject({
    name: dnsLabel.describe("Name of the pool, by which workloads select it"),
    machineType: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Type of the machines, as the cloud names it; one that fits unless given",
      ),
    min: z.number().int().min(0).max(1000).describe("Fewest nodes"),
    max: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .describe(
        "Most nodes; what an autoscaler may add up to, where the target has one",
      ),
    spot: z
      .boolean()
      .default(false)
      .describe(
        "Whether the nodes are cheaper ones that the cloud may take away",
      ),
    gpu: z
      .strictObject({
        count: z.number().int().min(1).max(16).describe("GPUs of each node"),
        type: z
          .string()
          .min(1)
          .optional()
          .describe("Type of the accelerator, where the cloud wants it named"),
      })
      .optional()
      .describe("GPUs of the nodes; without it, they have none"),
  })
  .refine(({ min, max }) => max >= min, {
    path: ["max"],
    message: "raise it to min or more",
  });

const members = z
  .array(
    z.templateLiteral([z.enum(["user", "group"]), ":", z.string().min(1)], {
      error: "write user:NAME or group:NAME, as the cluster's sign-in names it",
    }),
  )
  .default([]);

const teamSchema = z.strictObject({
  name: dnsLabel.describe("Name of the team, and of its namespace"),
  owner: z
    .templateLiteral(["user:", z.string().min(1)], {
      error: "write user:NAME, as the cluster's sign-in names it",
    })
    .optional()
    .describe(
      "Administers the namespace; the stack's owner where teams are Profiles and none is named",
    ),
  members: z
    .strictObject({
      edit: members.describe("Who may change what runs there"),
      view: members.describe("Who may look at it"),
    })
    .prefault({})
    .describe(
      "Who works in the namespace beside its owner, as the cluster's sign-in names them",
    ),
  ownModels: z
    .boolean()
    .default(false)
    .describe(
      "Whether its models have a bucket of their own, which no other team's accounts reach",
    ),
  egress: z
    .union([z.enum(["all", "none"]), z.array(cidr(1, 32)).min(1)], {
      error:
        "write all, none, or a list of IPv4 ranges such as [198.51.100.0/24]",
    })
    .default("all")
    .describe(
      "What its pods reach outside of the cluster: all, none, or ranges of addresses; nodes, other teams and the address of a cloud's metadata are closed in any case, and the object store is open in any case",
    ),
  priorityClasses: z
    .array(
      z
        .string()
        .regex(
          /^(?!system-)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
          "write the name of a PriorityClass that is not Kubernetes' own",
        ),
    )
    .default([])
    .describe(
      "Priority classes of the cluster that its pods may have; none that displaces other pods unless given",
    ),
  quota: z
    .strictObject({
      cpu: quantity.default("8").describe("Cores"),
      memory: quantity.default("32Gi").describe("Memory"),
      gpus: z.number().int().min(0).default(0).describe("GPUs"),
      pods: z.number().int().min(1).default(50).describe("Pods"),
      loadBalancers: z
        .number()
        .int()
        .min(0)
        .default(0)
        .describe(
          "Services of type LoadBalancer; none of type NodePort is admitted",
        ),
      objects: z
        .number()
        .int()
        .min(50)
        .default(defaultObjects)
        .describe(
          "Objects of each kind that members make: Secrets, ConfigMaps, Services, claims of volumes, Jobs, Deployments and the like",
        ),
      storage: quantity
        .default(defaultStorage)
        .describe("What all claims of volumes may ask for"),
      nodeDisk: quantity
        .default(defaultNodeDisk)
        .describe(
          "What one container may write to its node's disk: its files, its log and its empty folders",
        ),
    })
    .prefault({})
    .describe(
      "What the team's namespace may hold, and its pods may ask for together",
    ),
});

/** Configuration under `mlstack:` in a stack's file; strict, with defaults. */
export const stackSchema = z.strictObject({
  target: targetSchema.describe("Where the stack runs"),
  pools: z
    .array(poolSchema)
    .min(1, "name at least one pool")
    .refine(unique("name"), "give every pool a name of its own")
    .default([{ name: "cpu", min: 1, max: 1, spot: false }])
    .describe("Groups of equal nodes"),
  lifetime: z
    .enum(["long", "short"])
    .default("long")
    .describe(
      "A long-lived stack protects what cannot be made again; a short-lived one leaves nothing behind",
    ),
  owner: tagValue
    .default("mlstack")
    .describe("Who answers for the stack: a tag of every resource"),
  expiry: z.iso
    .datetime("write an ISO instant in UTC")
    .optional()
    .describe(
      "Instant in UTC, in quotes, after which a short-lived stack may be taken down: a tag of every resource",
    ),
  buckets: z
    .strictObject({
      versioned: z
        .boolean()
        .default(true)
        .describe(
          "Whether what is overwritten or deleted is kept as an older version",
        ),
      expireNoncurrentDays: z
        .number()
        .int()
        .min(1)
        .default(30)
        .describe("Days after which older versions are removed"),
    })
    .prefault({})
    .describe("How objects are kept in the buckets of the stack"),
  teams: z
    .array(teamSchema)
    .min(1, "name at least one team")
    .refine(unique("name"), "give every team a name of its own")
    .prefault([{ name: "ml" }])
    .describe("Namespaces, with quotas, and who works in them"),
  kubeflow: kubeflowSchema.describe("Parts of Kubeflow that the stack has"),
  spark: sparkSchema.describe("How the stack runs Spark"),
  workloads: workloadsSchema.describe(
    "What runs; a workload that is not named does not",
  ),
  kafka: kafkaSchema
    .optional()
    .describe("Where the records of streams come from"),
  streams: streamsSchema.describe(
    "Data sets that are kept from a stream of events",
  ),
  observability: observabilitySchema.describe(
    "What the stack measures of itself",
  ),
  budget: budgetSchema
    .optional()
    .describe("What the stack may cost; without it, nothing is refused"),
  usage: usageSchema.describe("How much the stack is used, for its cost"),
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
  const parsed = stackSchema.safeParse(values, { reportInput: true });
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

function unique<Key extends string>(key: Key) {
  return (items: readonly Readonly<Record<Key, unknown>>[]) =>
    new Set(items.map((item) => item[key])).size === items.length;
}
