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
    // The ID is stored in plain text, so that it must not derive from the secret.
    id: randomBytes(8).toString("hex"),
    outs: { bytes, hex: randomBytes(bytes).toString("hex") },
  }),
};
