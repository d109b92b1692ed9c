import { z } from "zod";

import { contractSchema, type Contract } from "./contract";
import { featureModelSchema, type FeatureModel } from "./feature-model";
import { featureViewSchema, type FeatureView } from "./feature-view";

/** Name of a folder's declaration of a data set. */
export const dataSetFile = "data-set.yaml";

const key = z
  .string()
  .min(1)
  .describe(
    "Column that is the records' key: records with the same value stay in order",
  );

const sampleSchema = z.union(
  [
    z
      .strictObject({
        file: z
          .string()
          .regex(
            /^[A-Za-z0-9][\w.-]*$/,
            "write the name of a file in the folder",
          )
          .describe(
            "A file of the folder; CSV or JSON lines, plain, gzipped or as the only file of a zip",
          ),
        key,
      })
      .describe("A file of the folder"),
    z
      .strictObject({
        package: z
          .string()
          .regex(/^[\w.-]+==[\w.]+$/, "pin it, as in name==1.2.3")
          .describe("Python package that has the file, pinned"),
        path: z
          .string()
          .min(1)
          .describe(
            "Path of the file in the package; CSV or JSON lines, plain, gzipped or as the only file of a zip",
          ),
        key,
      })
      .describe("A file of a Python package"),
  ],
  { error: "write { file, key } or { package, path, key }" },
);

/** Events that come with a data set, which a producer can replay. */
export type Sample = z.output<typeof sampleSchema>;

/** A data set as its folder declares it. */
export const dataSetSchema = z.strictObject({
  apiVersion: z
    .literal("mlstack.dev/v1")
    .describe("Version of this declaration"),
  contract: contractSchema.describe(
    "Contract of the stream's records, and the table that stores them",
  ),
  views: z
    .array(featureViewSchema)
    .default([])
    .describe("Feature views computed from the events, one table per view"),
  models: z
    .array(featureModelSchema)
    .default([])
    .describe(
      "Models that predict the outcome of an example from the features of its entity at the start of the example",
    ),
  sample: sampleSchema
    .optional()
    .describe("Events that come with the data set, for `producer: replay`"),
  synthetic: z
    .literal("clicks")
    .optional()
    .describe(
      "Synthetic events by stream/generator.py, for `producer: generate`: clicks of a shop's visitors",
    ),
});

/** A data set: the contract of its stream, the feature views made of it, and the models that learn from them. */
export interface DataSet {
  readonly contract: Contract;
  readonly views: readonly FeatureView[];
  readonly models: readonly FeatureModel[];
  readonly sample?: Sample | undefined;
  readonly synthetic?: "clicks" | undefined;
}
