import { z } from "zod";

import { jobDemand, jvmBytes } from "../../components/spark/job-size";
import { trainingDemand } from "../../components/training/job-size";
import type { NodePool } from "../../infra/platform";
import type { NodeSize } from "../../infra/pools/machine-types";
import type { NodeHour } from "../../infra/prices/bill";
import { amount } from "../../infra/quantity";

const jvm = z.looseObject({ cpuRequest: z.string(), memory: z.string() });

const sparkSize = z.looseObject({
  driver: jvm,
  executor: z.union([z.literal("none"), jvm.extend({ instances: z.number() })]),
});

const trainingSize = z.looseObject({
  workers: z.number(),
  cpu: z.string(),
  memory: z.string(),
  gpus: z.number().optional(),
});

/** Node demand of one run of a job. */
export interface JobDemand {
  /** Path below the workload, such as `features` or `trainers.pytorch.size`. */
  readonly name: string;
  readonly cores: number;
  readonly bytes: number;
  readonly gpus: number;
  /** Its largest pod. */
  readonly pod: { readonly cores: number; readonly bytes: number };
}

/** Every job that a workload declares, by the sizes in its part of the configuration. */
export function jobsOf(workload: unknown, name = ""): JobDemand[] {
  const spark = sparkSize.safeParse(workload).data;
  if (spark) {
    const { driver, executor } = spark;
    const pods = executor === "none" ? [driver] : [driver, executor];
    return [
      {
        ...{ name, gpus: 0 },
        ...jobDemand(spark as Parameters<typeof jobDemand>[0]),
        pod: {
          cores: Math.max(...pods.map(({ cpuRequest }) => amount(cpuRequest))),
          bytes: Math.max(...pods.map(jvmBytes)),
        },
      },
    ];
  }
  const training = trainingSize.safeParse(workload).data;
  if (training) {
    const { workers, cpu, memory, gpus = 0 } = training;
    const pod = { cores: amount(cpu), bytes: amount(memory) };
    return [{ name, pod, ...trainingDemand({ workers, cpu, memory, gpus }) }];
  }
  if (typeof workload !== "object" || workload === null) return [];
  return Object.entries(workload).flatMap(([key, value]) =>
    jobsOf(value, name === "" ? key : `${name}.${key}`),
  );
}

/** Assumed times of a run, where nothing is measured. */
export interface RunTimes {
  /** Seconds that the job runs. */
  readonly seconds: number;
  /** Seconds until a node that the autoscaler asks for takes pods. */
  readonly nodeStart: number;
  /** Seconds that the autoscaler leaves a node idle before it goes. */
  readonly scaleDownDelay: number;
}

/** A pool as jobs see it. */
export interface PricedPool {
  readonly pool: NodePool;
  readonly size: NodeSize | undefined;
  readonly hour: NodeHour | undefined;
}

/** Cost of a run of a job on its cheapest pool. */
export interface RunCost {
  readonly pool: string;
  readonly nodes: number;
  /** US dollars of the run; lowest and highest, where the pool is on spot. */
  readonly low: number;
  readonly high: number;
  /** The part of `high` that idle nodes make: their start, and the delay before they go. */
  readonly idle: number;
  /** Seconds until its pods run: at once on a pool that always has nodes. */
  readonly start: number;
}

/** Every node keeps some of itself. */
const kept = { cores: 0.06, bytes: 512 * 2 ** 20 };

/** Cheapest pool of a job; a job that fits no pool has the reason. */
export function cheapestRun(
  job: JobDemand,
  pools: readonly PricedPool[],
  times: RunTimes,
): RunCost | string {
  const fitting = pools.filter(({ pool, size }) => fits(job, pool, size));
  if (fitting.length === 0) return "no pool of a known size holds it";
  const runs = fitting.flatMap((pool) => {
    const run = runOn(job, pool, times);
    return run ? [run] : [];
  });
  const [first] = runs.sort((one, other) => one.high - other.high);
  return (
    first ??
    `no price for ${fitting.map(({ pool }) => pool.machineType ?? pool.name).join(", ")}`
  );
}

function fits(job: JobDemand, pool: NodePool, size: NodeSize | undefined) {
  const gpus = (pool.gpu?.count ?? 0) > 0;
  return (
    gpus === job.gpus > 0 &&
    size !== undefined &&
    job.pod.cores <= size.cores - kept.cores &&
    job.pod.bytes <= size.bytes - kept.bytes &&
    nodesOf(job, pool, size) <= pool.max
  );
}

function nodesOf(job: JobDemand, pool: NodePool, size: NodeSize): number {
  return Math.max(
    Math.ceil(job.cores / (size.cores - kept.cores)),
    Math.ceil(job.bytes / (size.bytes - kept.bytes)),
    pool.gpu ? Math.ceil(job.gpus / pool.gpu.count) : 0,
    1,
  );
}

function runOn(
  job: JobDemand,
  { pool, size, hour }: PricedPool,
  times: RunTimes,
): RunCost | undefined {
  if (!size || !hour) return undefined;
  const nodes = nodesOf(job, pool, size);
  // Nodes that always run are billed anyway; the run is charged for its own time on them.
  const stands = pool.min >= nodes;
  const idle = stands ? 0 : times.nodeStart + times.scaleDownDelay;
  const disk = hour.disk ?? 0;
  const spot = pool.spot ? hour.spot : undefined;
  const usd = (price: number, seconds: number) =>
    (nodes * (price + disk) * seconds) / 3600;
  const [low, high] = spot
    ? [spot.low.usd, spot.high.usd]
    : [hour.onDemand, hour.onDemand];
  return {
    ...{ pool: pool.name, nodes },
    low: usd(low, times.seconds + idle),
    high: usd(high, times.seconds + idle),
    idle: usd(high, idle),
    start: stands ? 0 : times.nodeStart,
  };
}
