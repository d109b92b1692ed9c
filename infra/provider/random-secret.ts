import { randomBytes } from "node:crypto";

import { z } from "zod";

import type { ResourceKind } from "./resource";

interface Inputs {
  readonly bytes: number;
}

/** Random bytes, made once. */
export const randomSecret: ResourceKind<
  Inputs,
  Inputs & { readonly hex: string }
> = {
  type: "mlstack:index:RandomSecret",
  schema: z.strictObject({ bytes: z.number().int().min(16).max(256) }),
  secretOutputs: ["hex"],
  create: async ({ bytes }) => ({
    // What identifies it must not tell anything of it.
    id: randomBytes(8).toString("hex"),
    outs: { bytes, hex: randomBytes(bytes).toString("hex") },
  }),
};
