import assert from "node:assert/strict";

import { stringify } from "yaml";

import { ruleGroups } from "../../components/observability/alerts";
import { dashboardsFor } from "../../components/observability/dashboards";
import { eventually } from "../support/eventually";
import { PrometheusServer } from "../support/prometheus-server";

const gib = 2 ** 30;

/** A container that runs on a node, as kube-state-metrics tells of it. */
function container(
  namespace: string,
  pod: string,
  node: string,
  {
    cpu,
    memory,
    phase = "Running",
  }: { cpu: number; memory: number; phase?: string },
): string[] {
  const its = `namespace="${namespace}",pod="${pod}",uid="${pod}"`;
  const asked = (resource: string, unit: string, value: number) =>
    `kube_pod_container_resource_requests{${its},container="main",node="${node}",resource="${resource}",unit="${unit}"} ${value}`;
  return [
    asked("cpu", "core", cpu),
    asked("memory", "byte", memory * gib),
    ...["Running", "Succeeded"].map(
      (each) =>
        `kube_pod_status_phase{${its},phase="${each}"} ${each === phase ? 1 : 0}`,
    ),
  ];
}

/** Metrics of a node with 8 cores and 32 GiB. */
function node(name: string, pool: string): string[] {
  return [
    `kube_node_labels{node="${name}",label_mlstack_dev_pool="${pool}"} 1`,
    `kube_node_status_capacity{node="${name}",resource="cpu",unit="core"} 8`,
    `kube_node_status_capacity{node="${name}",resource="memory",unit="byte"} ${32 * gib}`,
  ];
}

const told = [
  ...["a", "b"].map(
    (team) =>
      `kube_resourcequota{namespace="${team}",resourcequota="quota",resource="pods",type="hard"} 50`,
  ),
  ...node("n1", "cpu"),
  ...node("n2", "burst"),
  ...node("n3", "other"),
  // A quarter of n1 by memory, an eighth by cores; n2 as one to three.
  ...container("a", "a1", "n1", { cpu: 1, memory: 8 }),
  ...container("a", "a2", "n2", { cpu: 1, memory: 1 }),
  ...container("b", "b1", "n2", { cpu: 3, memory: 1 }),
  // Containers without a cost: on a pool without a price, outside of teams, and ended.
  ...container("b", "b2", "n3", { cpu: 8, memory: 1 }),
  ...container("kube-system", "proxy", "n1", { cpu: 4, memory: 1 }),
  ...container("a", "a3", "n1", { cpu: 4, memory: 1, phase: "Succeeded" }),
];

/** The real Prometheus, with what kube-state-metrics would tell it. */
describe("dollars on the dashboards", () => {
  let prometheus: PrometheusServer | undefined;

  before(async function () {
    this.timeout(15 * 60_000);
    const rates = [
      { pool: "cpu", usd: 0.8, fromZero: false },
      { pool: "burst", usd: 0.4, fromZero: true },
    ];
    prometheus = await PrometheusServer.start(
      () => `${told.join("\n")}\n`,
      (target) => ({
        "rules.yml": stringify({ groups: ruleGroups(rates) }),
        "prometheus.yml": stringify({
          global: { scrape_interval: "1s", evaluation_interval: "1s" },
          rule_files: ["rules.yml"],
          scrape_configs: [
            {
              job_name: "kube-state-metrics",
              honor_labels: true,
              static_configs: [{ targets: [target] }],
            },
          ],
        }),
      }),
    );
  });

  after(() => prometheus?.stop());

  async function ask(promql: string) {
    const answer = await fetch(`${prometheus?.url}/api/v1/query`, {
      method: "POST",
      body: new URLSearchParams({ query: promql }),
    });
    const { status, error, data } = (await answer.json()) as {
      status: string;
      error?: string;
      data: {
        result: { metric: Record<string, string>; value: [number, string] }[];
      };
    };
    assert.equal(status, "success", error);
    return Object.fromEntries(
      data.result.map(({ metric, value }) => [
        metric["namespace"] ?? metric["pool"] ?? metric["node"],
        Math.round(Number(value[1]) * 1e6) / 1e6,
      ]),
    );
  }

  it("are shares of nodes that always stand, and whole nodes of a pool from zero", async () => {
    await eventually(async () => {
      assert.deepEqual(await ask("mlstack_team_usd_per_hour"), {
        // 0.8 x 1/4 + 0.4 x 1/4
        a: 0.3,
        // 0.4 x 3/4
        b: 0.3,
      });
      return true;
    });
    assert.deepEqual(await ask("sum by (pool) (mlstack_node_usd_per_hour)"), {
      cpu: 0.8,
      burst: 0.4,
    });
  });

  it("are asked for by panels that Prometheus understands", async () => {
    const panels = dashboardsFor({ priced: true }).flatMap(({ rows }) =>
      rows.flatMap((row) => row.panels),
    );
    for (const { title, unit, queries } of panels) {
      for (const { promql } of queries) {
        // An answer over minutes is there after the first whole one.
        if (unit === "dollars")
          await eventually(async () => {
            return Object.keys(await ask(promql)).length > 0;
          });
        else assert.ok(await ask(promql), title);
      }
    }
  });

  it("are recorded without a failure", async () => {
    const answer = await fetch(`${prometheus?.url}/api/v1/rules`);
    const { data } = (await answer.json()) as {
      data: {
        groups: {
          rules: { name: string; health: string; lastError?: string }[];
        }[];
      };
    };
    for (const { name, health, lastError } of data.groups.flatMap(
      ({ rules }) => rules,
    ))
      assert.notEqual(health, "err", `${name}: ${lastError}`);
  });
});
