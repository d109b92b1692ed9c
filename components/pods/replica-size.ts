import { z } from "zod";

import { amount } from "../../infra/quantity";

/** GPUs of a container; none unless given. */
export function gpuCount(description: string) {
  return z.number().int().min(0).max(16).default(0).describe(description);
}

/** Total quota demand of several replicas of one size. */
export function replicasDemand(
  {
    cpu,
    memory,
    gpus,
  }: { readonly cpu: string; readonly memory: string; readonly gpus: number },
  replicas: number,
): { readonly cores: number; readonly bytes: number; readonly gpus: number } {
  return {
    cores: amount(cpu) * replicas,
    bytes: amount(memory) * replicas,
    gpus: gpus * replicas,
  };
}
