import assert from "node:assert/strict";

import { parse, stringify } from "yaml";

import { observabilitySchema } from "../../components/observability/config";
import { settingsFiles } from "../../components/observability/prometheus";
import { ofTeam } from "../../components/observability/scrape-limits";
import { eventually } from "../support/eventually";
import { PrometheusServer } from "../support/prometheus-server";

interface Scrape {
  readonly job_name: string;
  readonly kubernetes_sd_configs?: unknown;
}

interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapePool: string;
  readonly health: string;
  readonly lastError: string;
}

/** Answers of pods, by the last part of the path that they are asked at. */
const answers: Readonly<Record<string, string>> = {
  fair: "fair 1\n",
  samples: Array.from(
    { length: ofTeam.samples + 1 },
    (_, at) => `flood{at="${at}"} 1\n`,
  ).join(""),
  body: `# HELP a ${"x".repeat(5_000_000)}\nflood 1\n`,
  labels: `flood{${Array.from({ length: ofTeam.labels + 1 }, (_, at) => `l${at}="1"`).join()}} 1\n`,
  value: `flood{l="${"x".repeat(ofTeam.labelValue + 1)}"} 1\n`,
  name: `flood{${"l".repeat(ofTeam.labelName + 1)}="1"} 1\n`,
};

/** Pods by namespace: what they answer. Those of `crowd` are more than a team may have. */
const pods: Readonly<Record<string, readonly string[]>> = {
  elsewhere: ["fair"],
  ml: Object.keys(answers),
  crowd: Array.from({ length: ofTeam.targets + 1 }, () => "fair"),
  risk: ["fair"],
};

/** The real Prometheus with the settings of the stack, and pods that answer more than they may. */
describe("what Prometheus takes from a team's pods", () => {
  let prometheus: PrometheusServer | undefined;

  before(async function () {
    this.timeout(15 * 60_000);
    prometheus = await PrometheusServer.start(
      (path) => answers[path.split("/").at(-1) ?? ""] ?? "",
      settings,
    );
  });

  after(() => prometheus?.stop());

  /** The stack's settings, with the pods at an address. */
  function settings(address: string): Readonly<Record<string, string>> {
    const files = settingsFiles(
      observabilitySchema.parse({ intervalSeconds: 1 }),
      [],
      ["ml", "crowd", "risk"],
    );
    const stack = parse(files["prometheus.yml"] ?? "") as {
      readonly scrape_configs: readonly Scrape[];
    };
    const found = Object.entries(pods).flatMap(([namespace, names]) =>
      names.map((name, index) => ({
        targets: [address],
        labels: {
          __meta_kubernetes_namespace: namespace,
          __meta_kubernetes_pod_name: `${name}-${index}`,
          __meta_kubernetes_pod_container_name: "main",
          __meta_kubernetes_pod_container_port_name: "metrics",
          __meta_kubernetes_pod_phase: "Running",
          __metrics_path__: `/${index}/${name}`,
        },
      })),
    );
    // In the place of the API server, which would name the pods.
    const scrape_configs = stack.scrape_configs.flatMap(
      ({ kubernetes_sd_configs, ...rest }) =>
        kubernetes_sd_configs === undefined
          ? []
          : [{ ...rest, static_configs: found }],
    );
    assert.equal(scrape_configs.length, 4);
    return {
      ...files,
      "prometheus.yml": stringify({ ...stack, scrape_configs }),
    };
  }

  /** The targets of a namespace once all of them have been asked. */
  async function targetsOf(namespace: string): Promise<readonly Target[]> {
    let found: readonly Target[] = [];
    await eventually(async () => {
      const answer = await fetch(
        `${prometheus?.url}/api/v1/targets?state=active`,
      );
      const { data } = (await answer.json()) as {
        data: { activeTargets: readonly Target[] };
      };
      found = data.activeTargets.filter(
        ({ labels }) => labels["namespace"] === namespace,
      );
      return (
        found.length === pods[namespace]?.length &&
        found.every(({ health }) => health !== "unknown")
      );
    });
    return found;
  }

  it("is refused where a pod answers more than it may, and taken where it does not", async function () {
    this.timeout(60_000);
    const outcomes = Object.fromEntries(
      (await targetsOf("ml")).map(({ labels, health, lastError }) => [
        labels["pod"]?.replace(/-\d+$/, ""),
        health === "up" ? "up" : lastError,
      ]),
    );
    assert.equal(outcomes["fair"], "up");
    for (const [pod, why] of [
      ["samples", /sample limit exceeded/],
      ["body", /body size limit exceeded/],
      ["labels", /label_limit exceeded/],
      ["value", /label_value_length_limit exceeded/],
      ["name", /label_name_length_limit exceeded/],
    ] as const)
      assert.match(outcomes[pod] ?? "", why, pod);
  });

  it("is refused where a team has more pods than may be read, which costs no other team its own", async function () {
    this.timeout(60_000);
    for (const { health, lastError } of await targetsOf("crowd")) {
      assert.equal(health, "down");
      assert.match(lastError, /target_limit exceeded/);
    }
    for (const namespace of ["risk", "elsewhere"])
      for (const { health, labels } of await targetsOf(namespace)) {
        assert.equal(health, "up");
        // As the series of all pods are called.
        assert.equal(labels["job"], "pods");
      }
  });
});
