import { z } from "zod";

/** A Kubernetes quantity, such as `500m`, `8` or `32Gi`. */
export const quantity = z
  .string()
  .regex(
    /^\d+(\.\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/,
    "write a Kubernetes quantity, such as 500m, 8 or 32Gi",
  );

/** Memory of a JVM in Spark's units, such as `512m` or `2g`. */
export const jvmMemory = z
  .string()
  .regex(
    /^[1-9]\d*[mg]$/,
    "write a whole number with m or g, such as 512m or 2g",
  );

/** Mebibytes of a JVM's memory: Spark's `m` and `g` are binary units. */
export function jvmMebibytes(memory: z.output<typeof jvmMemory>): number {
  return Number.parseInt(memory, 10) * (memory.endsWith("g") ? 1024 : 1);
}

const factors: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Value of a quantity in its base unit: cores, or bytes. */
export function amount(text: z.output<typeof quantity>): number {
  const unit = /[A-Za-z]+$/.exec(text)?.[0] ?? "";
  return Number.parseFloat(text) * (factors[unit] ?? 1);
}
