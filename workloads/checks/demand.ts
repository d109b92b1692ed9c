import { brokerMemory, type KafkaConfig } from "../../components/kafka/config";
import {
  executorCount,
  jobDemand,
  jvmBytes,
  type SparkJobSize,
} from "../../components/spark/job-size";
import type { SparkConfig } from "../../components/spark-history/config";
import type { TeamQuota } from "../../components/teams/quota";
import { replicasAtMost } from "../../components/serving/web-service-size";
import type { NodePool } from "../../infra/platform";
import type { NodeSize } from "../../infra/pools/machine-types";
import type { Problem } from "../../infra/problem";
import { amount } from "../../infra/quantity";
import type {
  DeclaredStep,
  DeclaredWorkload,
} from "../declaration/declared-workload";
import type { WorkloadsConfig } from "../config";
import type { StreamConfig } from "../features/config";
import type { Step } from "../schema/step";
import { demandOf } from "./step-demand";

/** Total quota demand of pods. */
interface Demand {
  readonly cores: number;
  readonly bytes: number;
  readonly gpus: number;
  readonly pods: number;
}

/** One of a consumer's pods. */
interface PodSize {
  readonly path: string;
  readonly cores: number;
  readonly bytes: number;
}

/** A workload in a team's namespace, with its pods. */
interface Consumer {
  readonly path: string;
  readonly team: string;
  readonly pool: string;
  /** Consumers of the same chain run one after another; one without a chain runs permanently. */
  readonly chain?: string;
  readonly demand: Demand;
  readonly pods: readonly PodSize[];
}

/** Parts of a stack that use its teams' quotas and its pools. */
export interface DemandingStack {
  readonly pools: readonly NodePool[];
  readonly teams: readonly {
    readonly name: string;
    readonly quota: TeamQuota;
  }[];
  readonly workloads: WorkloadsConfig;
  /** Workloads of folders. */
  readonly declared: readonly DeclaredWorkload[];
  readonly streams: Readonly<Record<string, StreamConfig | undefined>>;
  readonly kafka?: KafkaConfig;
  readonly spark?: SparkConfig;
}

/**
 * Finds teams whose services, together with the largest job of each chain, request more than the quota; and pods that
 * fit no node of their pool.
 *
 * @param nodeSize capacity of a pool's node, if known
 * @param known problems found before: a consumer that is too large by itself is not reported again
 */
export function checkDemand(
  stack: DemandingStack,
  nodeSize: (pool: NodePool) => NodeSize | undefined,
  known: readonly Problem[] = [],
): readonly Problem[] {
  const consumers = consumersOf(stack);
  const isKnown = ({ path }: Consumer) =>
    known.some((problem) => problem.path.startsWith(path));
  return [
    ...stack.teams.flatMap(({ name, quota }, index) => {
      const own = consumers.filter(({ team }) => team === name);
      return own.some(isKnown)
        ? []
        : checkQuota(`teams[${index}].quota`, quota, own);
    }),
    ...consumers.flatMap(({ pool: name, pods }) => {
      const pool = stack.pools.find((each) => each.name === name);
      const size = pool && nodeSize(pool);
      return size === undefined
        ? []
        : pods.flatMap((pod) => checkNode(pod, name, size));
    }),
    ...checkBroker(stack, nodeSize),
  ];
}

const measures = {
  cpu: {
    of: ({ cores }: Demand) => cores,
    most: ({ cpu }: TeamQuota) => amount(cpu),
    text: (value: number) => `${round(value)} cores`,
  },
  memory: {
    of: ({ bytes }: Demand) => bytes,
    most: ({ memory }: TeamQuota) => amount(memory),
    text: (value: number) => `${gibibytes(value)} of memory`,
  },
  gpus: {
    of: ({ gpus }: Demand) => gpus,
    most: ({ gpus }: TeamQuota) => gpus,
    text: (value: number) => `${value} GPUs`,
  },
  pods: {
    of: ({ pods }: Demand) => pods,
    most: ({ pods }: TeamQuota) => pods,
    text: (value: number) => `${value} pods`,
  },
} as const;

function checkQuota(
  path: string,
  quota: TeamQuota,
  consumers: readonly Consumer[],
): Problem[] {
  return Object.entries(measures).flatMap(([key, { of, most, text }]) => {
    const sideBySide = largestOfEachChain(consumers, ({ demand }) =>
      of(demand),
    );
    const asked = sideBySide.reduce((sum, { demand }) => sum + of(demand), 0);
    if (asked <= most(quota)) return [];
    const parts = sideBySide
      .filter(({ demand }) => of(demand) > 0)
      .sort((one, other) => of(other.demand) - of(one.demand))
      .map((each) => `${each.path} ${text(of(each.demand))}`);
    return [
      {
        path: `${path}.${key}`,
        value: quota[key as keyof TeamQuota],
        remedy: `what runs side by side asks for ${text(asked)} (${parts.join(", ")}); raise it, or make that smaller`,
      },
    ];
  });
}

/** Peak demand: all permanent consumers, and the largest job of each chain. */
function largestOfEachChain(
  consumers: readonly Consumer[],
  measure: (consumer: Consumer) => number,
): Consumer[] {
  const services = consumers.filter(({ chain }) => chain === undefined);
  const largest = new Map<string, Consumer>();
  for (const consumer of consumers) {
    if (consumer.chain === undefined) continue;
    const known = largest.get(consumer.chain);
    if (known === undefined || measure(consumer) > measure(known))
      largest.set(consumer.chain, consumer);
  }
  return [...services, ...largest.values()];
}

/** Minimum that every managed node reserves for its system. */
const kept = { cores: 0.06, bytes: 512 * 2 ** 20 };

function checkNode(
  { path, cores, bytes }: PodSize,
  pool: string,
  node: NodeSize,
): Problem[] {
  const problems: Problem[] = [];
  const add = (asked: string, has: string) =>
    problems.push({
      path,
      value: asked,
      remedy: `a node of pool ${pool} has ${has}, of which the node keeps some; ask for less, or choose another pool`,
    });
  if (cores > node.cores - kept.cores)
    add(`${round(cores)} cores`, `${node.cores} cores`);
  if (bytes > node.bytes - kept.bytes)
    add(`${gibibytes(bytes)} of memory`, `${gibibytes(node.bytes)} of memory`);
  return problems;
}

function checkBroker(
  { kafka, pools }: DemandingStack,
  nodeSize: (pool: NodePool) => NodeSize | undefined,
): Problem[] {
  if (kafka === undefined || kafka.kind === "external") return [];
  const bytes = brokerMemory(kafka).request * 2 ** 20;
  const pod = { path: "kafka.memory", cores: 0.5, bytes };
  if (kafka.kind === "strimzi") {
    const pool = pools.find(({ name }) => name === kafka.pool);
    if (pool === undefined) {
      const choices = pools.map(({ name }) => name).join(", ");
      return [
        {
          path: "kafka.pool",
          value: kafka.pool,
          remedy: `choose one of ${choices}`,
        },
      ];
    }
    const size = nodeSize(pool);
    return size === undefined ? [] : checkNode(pod, pool.name, size);
  }
  // A pod without a pool may run on any pool without GPUs.
  const plain = pools.filter(({ gpu }) => gpu === undefined);
  const checked = plain.map((pool) => {
    const size = nodeSize(pool);
    return size === undefined ? [] : checkNode(pod, pool.name, size);
  });
  return checked.some((problems) => problems.length === 0)
    ? []
    : checked.slice(0, 1).flat();
}

function consumersOf({
  workloads,
  declared,
  streams,
  spark,
  teams,
}: DemandingStack): Consumer[] {
  const { notebooks = [] } = workloads;
  return [
    ...(spark?.history.enabled === true
      ? teams.map(({ name: team }) =>
          historyServer("spark.history", team, spark.history),
        )
      : []),
    ...Object.entries(streams).flatMap(([name, stream]) =>
      stream === undefined ? [] : streamConsumers(`streams.${name}`, stream),
    ),
    ...notebooks.map(({ team, pool, cpu, memory }, index) =>
      service(`workloads.notebooks[${index}]`, { team, pool }, 1, {
        cpu,
        memory,
      }),
    ),
    ...declared.flatMap(ownConsumers),
  ];
}

/**
 * Consumers of a workload's steps. A step continues the chain of a step that it waits for, unless another step does so
 * already: only steps of one chain are known not to run concurrently. Manual steps are checked by themselves.
 */
function ownConsumers({ name, team, steps }: DeclaredWorkload): Consumer[] {
  const chains = new Map<string, string>();
  const continued = new Set<string>();
  return steps
    .filter(({ step }) => step.run !== "manual")
    .flatMap((each): Consumer[] => {
      const path = `workloads.${name}.${each.name}`;
      const own = stepConsumers(path, team, each, steps);
      // A server runs concurrently with all other steps, including those it waited for.
      if (each.step.run === "service") return own;
      if (each.step.run !== "once")
        return own.map((one) => ({ ...one, chain: path }));
      const before = each.after.find((other) => !continued.has(other));
      if (before !== undefined) continued.add(before);
      const chain = (before && chains.get(before)) ?? path;
      chains.set(each.name, chain);
      return own.map((one) => ({ ...one, chain }));
    });
}

function stepConsumers(
  path: string,
  team: string,
  { step, pool, executorPool, sparkJobs }: DeclaredStep,
  steps: readonly DeclaredStep[],
): Consumer[] {
  const place = { team, pool };
  if (step.kind === "spark") {
    const job = sparkJob(path, place, step.size, undefined);
    if (executorPool === undefined) return [job];
    const [driver, executor] = job.pods;
    return [
      { ...job, pods: driver ? [driver] : [] },
      {
        ...job,
        pool: executorPool,
        demand: nothing,
        pods: executor ? [executor] : [],
      },
    ];
  }
  const own: Consumer = {
    ...{ path, team, pool },
    demand: { ...demandOf(step), pods: podsOf(step) },
    pods: [
      {
        path,
        cores: amount(step.size.cpu),
        bytes: amount(step.size.memory),
      },
    ],
  };
  // The pipeline waits for the Spark jobs that it submits, so that they run at the same time.
  return steps
    .filter(({ name }) => sparkJobs.includes(name))
    .reduce<Consumer[]>(
      ([first, ...others], each) => {
        const [job, ...more] = stepConsumers(path, team, each, steps);
        return first && job
          ? [
              withBeside(first, job),
              { ...job, demand: nothing },
              ...others,
              ...more,
            ]
          : others;
      },
      [own],
    );
}

const nothing: Demand = { cores: 0, bytes: 0, gpus: 0, pods: 0 };

function withBeside(consumer: Consumer, { demand }: Consumer): Consumer {
  const { cores, bytes, gpus, pods } = consumer.demand;
  return {
    ...consumer,
    demand: {
      cores: cores + demand.cores,
      bytes: bytes + demand.bytes,
      gpus: gpus + demand.gpus,
      pods: pods + demand.pods,
    },
  };
}

function podsOf(step: Exclude<Step, { readonly kind: "spark" }>): number {
  switch (step.kind) {
    case "job":
    case "pipeline":
      return 1;
    case "serve":
      return replicasAtMost(step.size);
    default:
      return step.size.workers + 1;
  }
}

interface Place {
  readonly team: string;
  readonly pool: string;
}

/** Size of pods without Spark, the same as in `DataSetContext.toolPod`. */
const tool = { cpu: "100m", memory: "256Mi" };

function streamConsumers(path: string, config: StreamConfig): Consumer[] {
  const { team, pool, producer, source, ingest, views, training, drift } =
    config;
  const place = { team, pool };
  // `up` runs data sets, and the jobs of each, one after another.
  const chain = "streams";
  // Scheduled jobs may run concurrently with all others.
  const clock = `${path} by schedule`;
  const { online } = config;
  return [
    ...(producer === undefined
      ? []
      : [{ ...service(`${path}.producer`, place, 1, tool), chain }]),
    sparkJob(
      `${path}.ingest.size`,
      place,
      ingest.size,
      ingest.everySeconds === undefined ? chain : undefined,
    ),
    ...(source?.jdbc.schedule === undefined
      ? []
      : [sparkJob(`${path}.ingest.size`, place, ingest.size, clock)]),
    sparkJob(`${path}.views.size`, place, views.size, chain),
    sparkJob(`${path}.training.size`, place, training.size, chain),
    ...(views.scheduled
      ? [sparkJob(`${path}.views.size`, place, views.size, clock)]
      : []),
    ...(drift.scheduled
      ? [
          sparkJob(`${path}.drift.size`, place, drift.size, clock),
          // The drift job may start a training.
          sparkJob(`${path}.training.size`, place, training.size, clock),
        ]
      : []),
    ...(online?.kind === "redis"
      ? [
          service(`${path}.online`, place, 1, {
            cpu: "50m",
            memory: online.memory,
          }),
        ]
      : []),
    ...(online === undefined
      ? []
      : [service(`${path}.online`, place, 1, tool)]),
  ];
}

/** During a rollout, the old and the new replica run at the same time. */
function historyServer(
  path: string,
  team: string,
  { pool, cpu, memory }: SparkConfig["history"],
): Consumer {
  return service(path, { team, pool }, 2, { cpu, memory });
}

interface PodAsk {
  readonly cpu: string;
  readonly memory: string;
}

function service(
  path: string,
  place: Place,
  pods: number,
  { cpu, memory }: PodAsk,
): Consumer {
  const [cores, bytes] = [amount(cpu), amount(memory)];
  return {
    path,
    ...place,
    demand: { cores: cores * pods, bytes: bytes * pods, gpus: 0, pods },
    pods: [{ path, cores, bytes }],
  };
}

function sparkJob(
  path: string,
  place: Place,
  size: SparkJobSize,
  chain: string | undefined,
): Consumer {
  const { driver, executor } = size;
  return {
    path,
    ...place,
    ...(chain === undefined ? {} : { chain }),
    demand: { ...jobDemand(size), gpus: 0, pods: 1 + executorCount(size) },
    pods: [
      {
        path: `${path}.driver`,
        cores: amount(driver.cpuRequest),
        bytes: jvmBytes(driver),
      },
      ...(executor === "none"
        ? []
        : [
            {
              path: `${path}.executor`,
              cores: amount(executor.cpuRequest),
              bytes: jvmBytes(executor),
            },
          ]),
    ],
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)}Gi`;
}
