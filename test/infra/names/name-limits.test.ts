import assert from "node:assert/strict";

import { utils } from "ssh2";

import { targetNameLimits } from "../../../infra";
import {
  checkName,
  nameFor,
  nameLimits,
  type NamedKind,
} from "../../../infra/names/name-limits";
import { platformName } from "../../../infra/names/naming";
import {
  longestNames,
  longStack,
  poolsOf,
  wholeKubeflow,
} from "../../support/longest-names";
import type { Recorded } from "../../support/recording-monitor";
import { projectStacks, recordStack } from "../../support/stack-program";

function objectOf({ inputs, type, name }: Recorded): string | undefined {
  if (!type.startsWith("kubernetes:")) return undefined;
  const metadata = inputs["metadata"] as
    { name?: string; namespace?: string } | undefined;
  return `${type} ${metadata?.namespace ?? ""}/${metadata?.name ?? `${name}-`}`;
}

function labelsOf(value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === "labels" || key === "matchLabels") && typeof inner === "object"
      ? (Object.entries(inner as object) as [string, string][])
      : labelsOf(inner),
  );
}

for (const stack of projectStacks.filter((each) => each !== "local-full")) {
  // Kubeflow's names are the same on every target.
  for (const kubeflow of [
    { trainingOperator: true },
    ...(stack === "aws" ? [wholeKubeflow] : []),
  ]) {
    const kinds = Object.keys(kubeflow).join(", ");
    describe(`the longest names of ${stack} with ${kinds}`, () => {
      let recorded: readonly Recorded[];
      before(async function () {
        this.timeout(120_000);
        const { workloads, ...rest } = longestNames(stack);
        const { pool } = rest.streams.clickstream;
        const pools = poolsOf(stack, pool);
        const recording = await recordStack(
          stack,
          {
            ...rest,
            kubeflow,
            pools,
            workloads,
            // Pipelines are for one team alone, and the data sets are another's.
            ...("pipelines" in kubeflow
              ? { teams: rest.teams.slice(1), streams: {} }
              : {}),
            ...(stack === "onprem" ? { target: onprem(pool) } : {}),
          },
          longStack,
        );
        recorded = recording.resources;
      });

      it("fit whatever derives names from them", () => {
        const problems = recorded.flatMap(({ type, name, inputs }) =>
          checkName(type, name, inputs, targetNameLimits),
        );
        assert.deepEqual(problems, []);
      });

      it("are each taken once", () => {
        const twice = (names: readonly string[]) =>
          names.filter((name, index) => names.indexOf(name) < index);
        assert.deepEqual(twice(recorded.map(({ urn }) => urn)), []);
        assert.deepEqual(
          twice(recorded.flatMap((each) => objectOf(each) ?? [])),
          [],
        );
      });

      it("have limits in the table, wherever the name space has one", () => {
        const limited: readonly string[] = [
          ...Object.values(nameLimits),
          ...targetNameLimits,
        ].map(({ type }) => type);
        const missing = recorded
          .map(({ type }) => type)
          .filter(
            (type) =>
              /:(StatefulSet|CronJob|Job|Service|Namespace|Release|Role|NodeGroup|NodePool|AgentPool|LaunchTemplate|Account|Network|Subnetwork|Router|RouterNat|Firewall)$/.test(
                type,
              ) && !type.includes("rbac"),
          )
          .filter((type) => !limited.includes(type));
        assert.deepEqual([...new Set(missing)], []);
      });

      it("are valid labels where they are labels", () => {
        const wrong = recorded
          .filter(({ type }) => type.startsWith("kubernetes:"))
          .flatMap(({ inputs }) => labelsOf(inputs))
          .filter(
            ([, value]) =>
              typeof value === "string" &&
              !/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(value),
          );
        assert.deepEqual(wrong, []);
      });
    });
  }
}

function onprem(pool: string) {
  const host = (name: string, last: number, more: object) => ({
    ...{ name, address: `10.0.0.${last}` },
    ...more,
  });
  return {
    kind: "onprem",
    ssh: { key: utils.generateKeyPairSync("ed25519").private },
    hosts: [
      host("c1", 11, { role: "control-plane" }),
      ...[21, 22, 23].map((last) => host(`w${last}`, last, { pool })),
    ],
    images: { prefix: "registry.example.com/mlstack" },
  };
}

describe("a name", () => {
  it("stays as it is where it fits, and keeps its suffix where it does not", () => {
    assert.equal(nameFor("StatefulSet", "kafka"), "kafka");
    assert.equal(
      nameFor("ScheduledSparkApplication", "clickstream-views", "schedule"),
      "clickstream-views-schedule",
    );
    const long = nameFor(
      "ScheduledSparkApplication",
      "v".repeat(63),
      "schedule",
    );
    assert.equal(long.length, nameLimits.ScheduledSparkApplication.longest);
    assert.match(long, /^v+-[0-9a-f]{6}-schedule$/);
  });

  it("that is shortened differs wherever the whole names differ", () => {
    const [one, other] = ["a", "b"].map((end) =>
      nameFor("CronJob", "v".repeat(60) + end),
    );
    assert.notEqual(one, other);
  });

  it("leaves room for what is derived from it", () => {
    const derived: Partial<Record<NamedKind, string>> = {
      // time.Now().UnixNano() has 19 digits until the year 2286.
      ScheduledSparkApplication: "-1799999999999999999",
      StatefulSet: "-4294967295",
      CronJob: "-29999999",
      InferenceService: "-predictor",
      PyTorchJob: "-worker-999",
    };
    for (const [kind, suffix] of Object.entries(derived)) {
      const name = nameFor(kind as NamedKind, "x".repeat(100));
      assert.ok((name + suffix).length <= 63, `${kind}: ${name}${suffix}`);
    }
  });

  it("that is too long is refused in one line with what derives names from it", () => {
    const [problem, ...others] = checkName(
      nameLimits.ScheduledSparkApplication.type,
      "view",
      { metadata: { name: "v".repeat(44) } },
      [],
    );
    assert.deepEqual(others, []);
    assert.match(
      problem?.path ?? "",
      /ScheduledSparkApplication view: metadata\.name$/,
    );
    assert.equal(problem?.value, "v".repeat(44));
    assert.match(
      problem?.remedy ?? "",
      /^write 43 characters or fewer: its runs are/,
    );
  });

  it("of a platform is the stack's where every target takes it", () => {
    assert.equal(platformName("aws"), "aws");
    assert.equal(platformName("local-full"), "local-full");
    const names = ["ml.prod", "ml_prod", "Ml-Prod", "ml-prod", "s".repeat(100)];
    const made = names.map(platformName);
    assert.equal(new Set(made).size, names.length, String(made));
    for (const name of made)
      assert.match(name, /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/);
  });
});
