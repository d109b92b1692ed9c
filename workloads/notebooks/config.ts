import { z } from "zod";

import { quantity } from "../../components/quantity";

/** A notebook server of one person. */
export const notebookSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/,
      "use lower-case letters, digits and hyphens, at most 40, starting with a letter",
    ),
  team: z.string().default("ml"),
  pool: z.string().default("cpu"),
  cpu: quantity.default("250m"),
  memory: quantity.default("2Gi"),
  disk: quantity.default("5Gi"),
  idleMinutes: z.number().int().min(1).max(10_080).default(60),
});

/** A notebook server. */
export type NotebookConfig = z.output<typeof notebookSchema>;
