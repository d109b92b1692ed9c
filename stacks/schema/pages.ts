import { join } from "node:path";

import { format } from "prettier";

import { commandReference } from "../commands/cli/reference";
import {
  configSchema,
  dataSetFileSchema,
  fileSchema,
  workloadFileSchema,
} from "./json-schema";
import { dataSetReference, reference, workloadReference } from "./reference";

const root = join(__dirname, "../..");

/** Files generated from the schemas and the commands: path, and content as prettier formats it. */
export async function pages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    [
      join(root, "stacks/schema.json"),
      await format(JSON.stringify(fileSchema()), { parser: "json" }),
    ],
    [
      join(root, "docs/configuration.md"),
      await format(reference(configSchema()), { parser: "markdown" }),
    ],
    [
      join(root, "docs/commands.md"),
      await format(commandReference(), { parser: "markdown" }),
    ],
    [
      join(root, "workloads/workload.schema.json"),
      await format(JSON.stringify(workloadFileSchema()), { parser: "json" }),
    ],
    [
      join(root, "docs/workload.md"),
      await format(workloadReference(workloadFileSchema()), {
        parser: "markdown",
      }),
    ],
    [
      join(root, "workloads/data-set.schema.json"),
      await format(JSON.stringify(dataSetFileSchema()), { parser: "json" }),
    ],
    [
      join(root, "docs/data-set.md"),
      await format(dataSetReference(dataSetFileSchema()), {
        parser: "markdown",
      }),
    ],
  ]);
}
