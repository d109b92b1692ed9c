import type { NodePool, PlacedPool, Toleration } from "../platform";

/** Label that every node carries, with the name of its pool. */
export const poolLabel = "mlstack.dev/pool";

/** Extended resource that the NVIDIA device plugin advertises. */
export const gpuResource = "nvidia.com/gpu";

/** Label that the device plugin's chart selects its nodes by. */
export const gpuPresentLabel = "nvidia.com/gpu.present";

/** Keeps nodes apart; each target spells the effect in its own way. */
export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: Toleration["effect"];
}

/**
 * Taint of nodes with accelerators. Key and value are those that GKE adds by itself, so that
 * one toleration fits every target.
 */
export const gpuTaint: Taint = {
  key: gpuResource,
  value: "present",
  effect: "NoSchedule",
};

/**
 * Taint of interruptible nodes: what names no pool, the cluster's own services among it, does not go where its node may
 * be taken away. AKS adds one of its own in its place.
 */
export const spotTaint: Taint = {
  key: "mlstack.dev/spot",
  value: "true",
  effect: "NoSchedule",
};

/** Taints of interruptible nodes on clouds that add none. */
export function spotTaints(pool: NodePool): readonly Taint[] {
  return pool.spot ? [spotTaint] : [];
}

/** Labels that the nodes of a pool are registered with. */
export function poolLabels(pool: NodePool): Record<string, string> {
  return {
    [poolLabel]: pool.name,
    ...(pool.gpu && { [gpuPresentLabel]: "true" }),
  };
}

/** Taints that the nodes of a pool are registered with. */
export function poolTaints(pool: NodePool): readonly Taint[] {
  return pool.gpu ? [gpuTaint] : [];
}

/** A pool as pods see it; `added` are taints that the provider puts there on its own. */
export function placePool(
  pool: NodePool,
  added: readonly Taint[] = [],
): PlacedPool {
  const tolerations = [...poolTaints(pool), ...added].map(
    (taint): Toleration => ({ ...taint, operator: "Equal" }),
  );
  return {
    ...pool,
    placement: { nodeSelector: { [poolLabel]: pool.name }, tolerations },
    ...(pool.gpu && { gpuResource }),
  };
}
