import { z } from "zod";

import { quantity } from "../../infra/quantity";

/** Observability of a stack; off by default. */
export const observabilitySchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe("Whether the stack has metrics, dashboards and alerts"),
    kind: z
      .enum(["chart", "plain"])
      .optional()
      .describe(
        "`chart` is kube-prometheus-stack with Grafana, `plain` a Prometheus of our own manifests whose console pages show the same dashboards; by default `plain` where images come from this machine only",
      ),
    retention: z
      .string()
      .regex(
        /^[1-9]\d*[hdwy]$/,
        "write a whole number with h, d, w or y, such as 15d",
      )
      .default("15d")
      .describe("Retention of samples, as a duration of Prometheus"),
    storage: quantity
      .default("10Gi")
      .describe(
        "Volume of the samples; the oldest are deleted early when it is nearly full",
      ),
    intervalSeconds: z
      .number()
      .int()
      .min(1)
      .max(600)
      .default(15)
      .describe("Scrape interval, in seconds"),
  })
  .prefault({});

/** Configuration of a stack's observability. */
export type ObservabilityConfig = z.output<typeof observabilitySchema>;
