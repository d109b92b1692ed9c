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
  description: z.string().optional().describe("What the workload is for"),
  owner: z.string().optional().describe("Who answers for it"),
  inputs: z
    .record(fieldName, input)
    .default({})
    .describe("Values that a stack or a command may set"),
  steps: z
    .record(stepName, stepSchema)
    .refine((steps) => Object.keys(steps).length > 0, "declare a step")
    .describe(
      "What runs, by name; one after another where `after` or a result says so",
    ),
});

/** A workload as its folder declares it, complete with its defaults. */
export type Workload = z.output<typeof workloadSchema>;

/** A workload of a folder, as a stack's file names it. */
export const ownWorkloadSchema = z.strictObject({
  team: z
    .string()
    .optional()
    .describe("Team whose jobs they are; the stack's only one unless given"),
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
    .describe(
      "Keys of steps that are to be other than in the folder's workload.yaml",
    ),
});

/** A workload of a folder, as a stack's file names it. */
export type OwnWorkloadConfig = z.output<typeof ownWorkloadSchema>;
