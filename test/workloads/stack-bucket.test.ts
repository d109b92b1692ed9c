import assert from "node:assert/strict";

import { projectStacks, recordStack } from "../support/stack-program";

const schemes: Readonly<Record<string, string>> = {
  aws: "s3a",
  gcp: "gs",
  azure: "abfss",
};

describe("input in a bucket of the stack", () => {
  for (const stack of projectStacks) {
    it(`is that bucket's on ${stack}`, async function () {
      this.timeout(120_000);
      const inputs = { data: "raw:events/2026.csv", encoding: "windows-1252" };
      const { resources } = await recordStack(stack, {
        workloads: { clickstream: { team: "ml", inputs } },
      });
      const job = resources.find(
        ({ name, type }) =>
          name === "clickstream-features" && type.endsWith(":SparkApplication"),
      );
      const { arguments: given } = job?.inputs["spec"] as {
        arguments: readonly string[];
      };
      assert.match(
        given[0] ?? "",
        new RegExp(`^--input=${schemes[stack] ?? "s3a"}://.*/events/2026.csv$`),
      );
      assert.ok(given.includes("--encoding=windows-1252"));
    });
  }
});
