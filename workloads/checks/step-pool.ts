import type { NodePool } from "../../infra/platform";
import type { Report } from "./report";
import type { Step } from "../schema/step";

/** @returns the pool of a step's pods, or of a Spark job's driver; the first where none fits, which is reported */
export function choosePool(
  step: Step,
  pools: readonly NodePool[],
  report: Report,
): string {
  const gpus = "gpus" in step.size ? step.size.gpus : 0;
  const choose = (key: "pool" | "executorPool", value: string) => {
    const pool = pools.find((each) => each.name === value);
    if (pool === undefined) {
      const choices = pools.map((each) => each.name).join(", ");
      report([key], value, `choose one of ${choices}`);
    }
    return pool;
  };
  if (step.kind === "spark" && step.executorPool !== undefined) {
    choose("executorPool", step.executorPool);
    if (step.size.executor === "none")
      report(
        ["executorPool"],
        step.executorPool,
        "the job has no executors; set size.executor, or leave it out",
      );
  }
  if (step.pool === undefined) {
    const enough = pools.filter(({ gpu }) =>
      gpus === 0 ? gpu === undefined : (gpu?.count ?? 0) >= gpus,
    );
    const onDemand = enough.find(({ spot }) => !spot);
    const fitting = (step.kind === "spark" ? onDemand : undefined) ?? enough[0];
    if (fitting === undefined && gpus > 0)
      report(
        ["size", "gpus"],
        gpus,
        "no pool of the stack has nodes with as many; write fewer, or add a pool",
      );
    return (fitting ?? pools[0])?.name ?? "";
  }
  const pool = choose("pool", step.pool);
  const has = pool?.gpu?.count ?? 0;
  if (pool !== undefined && gpus > has)
    report(
      ["size", "gpus"],
      gpus,
      `a node of pool ${pool.name} has ${has}; write that or less, or choose another pool`,
    );
  return step.pool;
}

/**
 * Pool of the executors, on spot where nobody names one: what a driver has computed is lost with its node, and what an
 * executor has is computed again.
 *
 * @param pool pool of the driver
 */
export function chooseExecutorPool(
  step: Step,
  pool: string,
  pools: readonly NodePool[],
): string {
  if (step.kind !== "spark" || step.size.executor === "none") return pool;
  if (step.executorPool !== undefined) return step.executorPool;
  if (step.pool !== undefined) return pool;
  const spot = pools.find(({ gpu, spot }) => spot && !gpu);
  return spot?.name ?? pool;
}
