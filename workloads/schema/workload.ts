import { z } from "zod";

import { folderWords } from "./declared-folder";
import { input } from "./input";
import { fieldName, stepName } from "./names";
import { stepSchema } from "./step";
import { plainValue } from "./value";

/** A workload as its folder declares it. */
export const workloadSchema = z.strictObject({
  apiVersion: z
    .literal("mlstack.dev/v1")
    .describe("Version of this declaration"),
  description: z.string().optional().describe("Description of the workload"),
  owner: z.string().optional().describe("Owner of the workload"),
  inputs: z
    .record(fieldName, input)
    .default({})
    .describe("Values that a stack or a command may set"),
  steps: z
    .record(stepName, stepSchema)
    .refine((steps) => Object.keys(steps).length > 0, "declare a step")
    .describe(
      "Steps by name; a step waits for the steps in `after` and for those whose results it uses",
    ),
});

/** A workload as its folder declares it, complete with its defaults. */
export type Workload = z.output<typeof workloadSchema>;

/** A workload of a folder, as a stack's file names it. */
export const ownWorkloadSchema = z.strictObject({
  team: z
    .string()
    .optional()
    .describe("Team that runs the jobs; the stack's only team unless given"),
  path: z
    .string()
    .min(1)
    .optional()
    .describe(`Folder of the workload, ${folderWords}`),
  inputs: z
    .record(z.string(), plainValue)
    .prefault({})
    .describe("Values of the workload's inputs"),
  steps: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .prefault({})
    .describe("Keys of steps that override the folder's workload.yaml"),
});

/** A workload of a folder, as a stack's file names it. */
export type OwnWorkloadConfig = z.output<typeof ownWorkloadSchema>;
