import type { NodePool } from "../platform";
import type { Problem } from "../problem";

/** Capacity of a machine, for pods and system processes together. */
export interface NodeSize {
  readonly cores: number;
  readonly bytes: number;
}

/** A size by cores and GiB of memory. */
export function nodeSizeOf(cores: number, gibibytes: number): NodeSize {
  return { cores, bytes: gibibytes * 2 ** 30 };
}

/** Resources of a provider's machine type. */
export interface Machine {
  /** Accelerators of one machine; 0 for none. */
  readonly gpus: number;
  /** Model of its accelerators, as the provider writes it. */
  readonly gpuType?: string;
  /** Models that can be attached to it, with the numbers that are allowed. */
  readonly attachable?: Readonly<Record<string, readonly number[]>>;
}

/** Form of a provider's machine types. */
export interface MachineCatalog {
  /** The machine of that name, or undefined when no machine that a pool can use is called that. */
  machine(type: string): Machine | undefined;
  /** Whether the machine of that name has an ARM processor, which the images of the program are not built for. */
  isArm(type: string): boolean;
  /** Size of the machine of that name, where it is known here. */
  size(type: string): NodeSize | undefined;
  /** Remedy for a pool without accelerators. */
  readonly example: string;
  /** Machines that have accelerators, for the remedy. */
  readonly gpuMachines: readonly string[];
}

/** Pools whose machines do not exist, or do not have the accelerators that the pool promises. */
export function checkMachines(
  pools: readonly NodePool[],
  catalog: MachineCatalog,
): readonly Problem[] {
  return pools.flatMap((pool, index): readonly Problem[] => {
    const path = `pools[${index}].machineType`;
    const value = pool.machineType;
    const choices = pool.gpu
      ? choicesFor(pool.gpu.count, catalog)
      : `such as ${catalog.example}`;
    if (value === undefined) {
      return [{ path, value, remedy: `name a machine type, ${choices}` }];
    }
    if (catalog.isArm(value)) {
      const remedy = `has an ARM processor, and images are built for x86-64; write a machine type of Intel or AMD, ${choices}`;
      return [{ path, value, remedy }];
    }
    const machine = catalog.machine(value);
    if (!machine) {
      return [
        {
          path,
          value,
          remedy: `no machine type known here; write one, ${choices}`,
        },
      ];
    }
    return gpuProblem(pool, machine).map((fault) => ({
      path,
      value,
      remedy: `${fault}; choose a machine type, ${choices}, or change pools[${index}].gpu`,
    }));
  });
}

function gpuProblem(pool: NodePool, machine: Machine): string[] {
  const wanted = pool.gpu?.count ?? 0;
  if (machine.attachable && pool.gpu) {
    const { type = "" } = pool.gpu;
    if (machine.attachable[type]?.includes(wanted)) return [];
    const offers = Object.entries(machine.attachable).map(
      ([model, counts]) => `${counts.join(" or ")} of ${model}`,
    );
    return [`takes ${offers.join(", ")} as gpu.count and gpu.type`];
  }
  if (machine.gpus !== wanted) {
    return [`has ${machine.gpus} GPUs, the pool promises ${wanted}`];
  }
  const type = pool.gpu?.type;
  return type !== undefined && machine.gpuType && machine.gpuType !== type
    ? [`has ${machine.gpuType}, the pool promises ${type}`]
    : [];
}

function choicesFor(count: number, catalog: MachineCatalog): string {
  const fitting = catalog.gpuMachines.filter(
    (type) => catalog.machine(type)?.gpus === count,
  );
  return fitting.length === 0
    ? `none has ${count} GPUs`
    : `such as ${fitting.slice(0, 4).join(", ")}`;
}

/** Whether cluster services can always run in the pool: it is there, stays there, and repels nothing. */
export function isSystemPool(pool: NodePool): boolean {
  return !pool.gpu && !pool.spot && pool.min >= 1;
}

/** A cluster needs one pool that its own services can count on. */
export function checkSystemPool(
  pools: readonly NodePool[],
): readonly Problem[] {
  if (pools.some(isSystemPool)) return [];
  const index = pools.findIndex((pool) => !pool.gpu);
  const pool = pools[index];
  if (!pool) {
    const remedy =
      "add a pool without GPUs for the cluster's own services: spot: false, min: 1";
    return [{ path: "pools", value: pools.map(({ name }) => name), remedy }];
  }
  const where = `pools[${index}]`;
  const why = `${pool.name} is the only pool for the cluster's own services`;
  return pool.spot
    ? [
        {
          path: `${where}.spot`,
          value: true,
          remedy: `${why}; write false, or add a pool with spot: false and min: 1`,
        },
      ]
    : [
        {
          path: `${where}.min`,
          value: pool.min,
          remedy: `${why}; write 1 or more`,
        },
      ];
}
