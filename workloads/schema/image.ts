import { z } from "zod";

/** What images of a team's own code are made from. */
export const imageBases = [
  "spark",
  "python",
  "pytorch",
  "tensorflow",
  "xgboost",
  "pipeline",
] as const;

const builtImage = z
  .strictObject({
    base: z
      .enum(imageBases)
      .describe("What it is made from; code and packages are put on it"),
    code: z
      .union([z.string(), z.array(z.string()).min(1)], {
        error: "write a folder, or a list of folders and files",
      })
      .default(".")
      .describe(
        "Folder of the code below the workload's, which is /opt/workload in the image; or a list of folders and files, which keep their names there",
      ),
    requirements: z
      .string()
      .optional()
      .describe("File of pip's requirements, whose packages are installed"),
    features: z
      .boolean()
      .optional()
      .describe(
        "Whether the package mlstack_features, which reads the feature store, is in it; not unless given",
      ),
    cuda: z
      .boolean()
      .optional()
      .describe(
        "Whether the framework can compute on GPUs; where the step asks for GPUs unless given. Without, the image is a fifth of the size",
      ),
  })
  .describe("Code of the folder on an image of the platform");

const dockerImage = z
  .strictObject({
    dockerfile: z.string().describe("Path of a Dockerfile in the folder"),
    context: z
      .string()
      .default(".")
      .describe("Folder that it copies from, below the workload's"),
    args: z
      .record(z.string(), z.string())
      .default({})
      .describe("Arguments of the build"),
    spark: z
      .boolean()
      .optional()
      .describe(
        "Whether it is made from the platform's image of Spark, whose reference the build has in the argument SPARK; not unless given",
      ),
  })
  .describe("An image of one's own Dockerfile");

/** Where a step's image comes from, as it is written. */
export const image = z.union(
  [
    z
      .strictObject({
        ref: z.string().min(1).describe("Full reference, with a tag or digest"),
      })
      .describe("Somebody's image, as it is"),
    builtImage,
    dockerImage,
  ],
  {
    error:
      "write { ref }, { base, code, requirements } or { dockerfile, context, args }",
  },
);

/** Where a step's image comes from. */
export type StepImage = z.output<typeof image>;
