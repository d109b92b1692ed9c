import { z } from "zod";

/** Bases that the images of a team's own code are built on. */
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
      .describe("Base image, to which code and packages are added"),
    code: z
      .union([z.string(), z.array(z.string()).min(1)], {
        error: "write a folder, or a list of folders and files",
      })
      .default(".")
      .describe(
        "Folder of the code in the workload's folder, copied to /opt/workload in the image; or a list of folders and files, which keep their names there",
      ),
    requirements: z
      .string()
      .optional()
      .describe("Requirements file of pip, whose packages are installed"),
    features: z
      .boolean()
      .optional()
      .describe(
        "Whether the package mlstack_features, which reads the feature store, is installed; not unless given",
      ),
    cuda: z
      .boolean()
      .optional()
      .describe(
        "Whether the framework supports GPUs; by default where the step requests GPUs. Without, the image is a fifth of the size",
      ),
  })
  .describe("Code of the folder on an image of the platform");

const dockerImage = z
  .strictObject({
    dockerfile: z.string().describe("Path of a Dockerfile in the folder"),
    context: z
      .string()
      .default(".")
      .describe("Build context, a folder in the workload's folder"),
    args: z
      .record(z.string(), z.string())
      .default({})
      .describe("Build arguments"),
    spark: z
      .boolean()
      .optional()
      .describe(
        "Whether it is based on the platform's image of Spark, whose reference the build gets as the argument SPARK; not unless given",
      ),
  })
  .describe("An image from your own Dockerfile");

/** Schema of a step's image. */
export const image = z.union(
  [
    z
      .strictObject({
        ref: z.string().min(1).describe("Full reference, with a tag or digest"),
      })
      .describe("An existing image, unchanged"),
    builtImage,
    dockerImage,
  ],
  {
    error:
      "write { ref }, { base, code, requirements } or { dockerfile, context, args }",
  },
);

/** Image of a step. */
export type StepImage = z.output<typeof image>;
