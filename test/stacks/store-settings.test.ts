import assert from "node:assert/strict";

import type { Recorded } from "../support/recording-monitor";
import { recordStack } from "../support/stack-program";

/** Settings, variables and arguments that only one kind of store's client knows. */
const words = {
  s3: /s3a|\bs3:|AbortableStream|\bAWS_|amazonaws/i,
  gcs: /\bgs:|fs\.(AbstractFileSystem\.)?gs\.|GoogleHadoop|GOOGLE_/,
  adls: /abfs|fs\.azure|\bAZURE_/i,
} as const;

/** The store of each stack. */
const stores = {
  aws: "s3",
  scaleway: "s3",
  local: "s3",
  gcp: "gcs",
  azure: "adls",
} as const;

/** A stack with everything that reads or writes a bucket. */
const everything = {
  teams: [{ name: "ml" }],
  workloads: {
    clickstream: { team: "ml" },
    notebooks: [{ name: "ada" }],
  },
  spark: { history: { enabled: true } },
  kafka: { kind: "single", topics: [{ name: "events" }] },
  streams: { clickstream: { topic: "events", online: { kind: "redis" } } },
};

const kinds =
  /:(SparkApplication|ScheduledSparkApplication|Job|CronJob|Deployment|StatefulSet|\w+Job)$/;

/** Keys and values of an object, each with its path. */
function texts(value: unknown, path: string): string[] {
  if (typeof value === "string") return [`${path}: ${value}`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    `${path}: ${key}`,
    ...texts(inner, `${path}.${key}`),
  ]);
}

const textsOf = ({ name, inputs }: Recorded) => texts(inputs["spec"], name);

describe("settings of a store's client", () => {
  for (const [stack, own] of Object.entries(stores)) {
    describe(`on ${stack}`, () => {
      let found: readonly string[];
      let types: readonly string[];
      before(async function () {
        this.timeout(120_000);
        const { resources } = await recordStack(stack, everything);
        const running = resources.filter(({ type }) => kinds.test(type));
        types = running.map(({ type }) => type.split(":").at(-1) ?? "");
        found = running.flatMap(textsOf);
      });

      it("are those of its own", () => {
        assert.ok(types.includes("SparkApplication"), types.join());
        assert.ok(found.some((text) => words[own].test(text)));
      });

      it("are none of the others'", () => {
        const others = Object.entries(words).filter(([store]) => store !== own);
        const strays = found.filter((text) =>
          others.some(([, word]) => word.test(text)),
        );
        assert.deepEqual(strays, []);
      });

      it(`give a checkpoint ${own === "s3" ? "the client's way to give up a write" : "no way that the client does not have"}`, () => {
        const set = found.some((text) => text.includes("AbortableStream"));
        assert.equal(set, own === "s3");
      });
    });
  }
});
