import { z } from "zod";

import { quantity } from "../../infra/quantity";

/** The best model behind HTTP. */
export const servingSchema = z.strictObject({
  replicas: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe("Servers side by side"),
  cpu: quantity.default("250m").describe("CPU of each"),
  memory: quantity.default("512Mi").describe("Memory of each"),
});
