import assert from "node:assert/strict";

import * as k8s from "@pulumi/kubernetes";
import { parse } from "yaml";

import { observabilitySchema } from "../../components/observability/config";
import {
  consoleAssets,
  consolePages,
} from "../../components/observability/console";
import { dashboardsFor } from "../../components/observability/dashboards";
import { grafanaDashboard } from "../../components/observability/grafana-dashboard";
import { Observability } from "../../components/observability/observability";
import { settingsFiles } from "../../components/observability/prometheus";
import { Team } from "../../components/teams/team";
import type { Platform } from "../../infra/platform";
import { platformOutputs } from "../../infra/supply/plugins/platform-outputs";
import { record, valueOf } from "../support/recording-monitor";
import { volumesOf } from "../support/test-volumes";
import { clusterNetwork } from "../support/cluster-network";

/** With images of a registry, or of this machine only. */
function register(storage?: string) {
  return record(
    () => {
      const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
      const platform = {
        provider,
        clusterNetwork,
        ...volumesOf(provider),
        images: { prefix: "registry", storage },
        pools: [],
      } as unknown as Platform;
      const quota = { cpu: "1", memory: "1Gi", gpus: 0, pods: 1 };
      return new Observability("observability", {
        platform,
        config: observabilitySchema.parse({ enabled: true }),
        rates,
        teams: new Map([["ml", new Team("ml", { platform, quota })]]),
      });
    },
    { outputs: platformOutputs },
  );
}

const rates = [
  { pool: "cpu", usd: 0.5, fromZero: false },
  { pool: "burst", usd: 0.25, fromZero: true },
];
const dashboards = dashboardsFor({ priced: true });

const queries = dashboards.flatMap(({ rows }) =>
  rows.flatMap(({ panels }) =>
    panels.flatMap((panel) => panel.queries.map(({ promql }) => promql)),
  ),
);

describe("Observability", () => {
  it("of a machine's own images is a Prometheus whose console pages are the dashboards", async () => {
    const recording = await register("/");
    const { result } = recording;
    assert.equal(
      await valueOf(result.pushgatewayUrl),
      "http://pushgateway.observability.svc:9091",
    );
    assert.equal(
      await valueOf(result.dashboards.url),
      "http://prometheus.observability.svc:9090",
    );
    assert.equal(result.dashboards.path, "/consoles/index.html");
    const claim = recording.one("kubernetes:core/v1:PersistentVolumeClaim");
    assert.match(JSON.stringify(claim.inputs), /"storageClassName":"disk"/);
    const set = recording.one("kubernetes:apps/v1:StatefulSet");
    assert.match(JSON.stringify(set.inputs), /"claimName":"prometheus-data"/);
    assert.deepEqual(recording.ofType("kubernetes:helm.sh/v3:Release"), []);
  });

  it("of a registry is charts, monitors, and the dashboards of Grafana, whose password is a secret", async () => {
    const recording = await register();
    const { result } = recording;
    assert.equal(
      await valueOf(result.pushgatewayUrl),
      "http://pushgateway.observability.svc:9091",
    );
    const releases = recording
      .ofType("kubernetes:helm.sh/v3:Release")
      .map(({ inputs }) => inputs["chart"]);
    assert.deepEqual(releases.sort(), [
      "kube-prometheus-stack",
      "prometheus-pushgateway",
    ]);
    const stack = recording.one(
      "kubernetes:helm.sh/v3:Release",
      "observability-stack",
    );
    for (const [kind, count] of [
      ["PodMonitor", 2],
      ["PrometheusRule", 1],
    ] as const) {
      const all = recording.ofType(
        `kubernetes:monitoring.coreos.com/v1:${kind}`,
      );
      assert.equal(all.length, count);
      for (const { dependencies } of all)
        assert.ok(dependencies.includes(stack.urn), `${kind} after its kind`);
    }
    assert.equal(
      recording.ofType("kubernetes:core/v1:ConfigMap").length,
      dashboards.length,
    );
    const { wire } = recording.one(
      "kubernetes:core/v1:Secret",
      "observability-grafana-admin",
    );
    assert.match(JSON.stringify(wire), /4dabf18193072939515e22adb298388d/);
    assert.doesNotMatch(JSON.stringify(stack.inputs), /password":/i);
    // Values of the chart grafana: a Role in place of a ClusterRole on all ConfigMaps and Secrets, and the sidecar's
    // namespace.
    const { grafana } = stack.inputs["values"] as {
      readonly grafana: { readonly rbac: object; readonly sidecar: object };
    };
    assert.deepEqual(grafana.rbac, { namespaced: true });
    assert.deepEqual(grafana.sidecar, {
      dashboards: { searchNamespace: "observability" },
      datasources: { searchNamespace: "observability" },
    });
  });

  it("is open to teams that push and reads what they measure, and no further", async () => {
    for (const storage of ["/", undefined]) {
      const recording = await register(storage);
      const spec = (name: string) =>
        recording.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", name)
          .inputs["spec"];
      const team = {
        namespaceSelector: {
          matchExpressions: [{ key: "mlstack.dev/team", operator: "Exists" }],
        },
      };
      const { egress, ...closed } = spec("observability-ingress") as {
        readonly egress: readonly object[];
      };
      assert.deepEqual(closed, {
        podSelector: {},
        policyTypes: ["Ingress", "Egress"],
        ingress: [
          { from: [{ podSelector: {} }] },
          { ports: [{ port: 10250 }] },
        ],
      });
      // Kubelets are read by the chart's Prometheus alone.
      const ways = JSON.stringify(egress);
      assert.equal(ways.includes('"port":10250'), storage === undefined);
      assert.match(ways, /"namespaceSelector":\{\}/);
      assert.deepEqual(spec("observability-ml-push"), {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [
          {
            to: [
              {
                namespaceSelector: {
                  matchLabels: {
                    "kubernetes.io/metadata.name": "observability",
                  },
                },
              },
            ],
            ports: [{ port: 9091, protocol: "TCP" }],
          },
        ],
      });
      assert.deepEqual(spec("observability-pushgateway-ingress"), {
        podSelector: {
          matchLabels: { "app.kubernetes.io/name": "pushgateway" },
        },
        policyTypes: ["Ingress"],
        ingress: [
          { from: [{ podSelector: {} }] },
          { from: [team], ports: [{ port: 9091 }] },
        ],
      });
      assert.deepEqual(spec("observability-ml-metrics"), {
        podSelector: {},
        policyTypes: ["Ingress"],
        ingress: [
          {
            from: [
              {
                namespaceSelector: {
                  matchLabels: {
                    "kubernetes.io/metadata.name": "observability",
                  },
                },
              },
            ],
            ports: [{ port: "metrics" }],
          },
        ],
      });
    }
  });

  it("keeps samples for as long as is declared, within its volume", () => {
    const config = observabilitySchema.parse({
      retention: "2d",
      storage: "10Gi",
    });
    const { storage, scrape_configs } = parse(
      settingsFiles(config, [], ["ml"])["prometheus.yml"] ?? "",
    ) as {
      storage: unknown;
      scrape_configs: { job_name: string; relabel_configs?: unknown[] }[];
    };
    assert.deepEqual(storage, {
      tsdb: { retention: { time: "2d", size: "8589934592B" } },
    });
    assert.deepEqual(
      scrape_configs.map(({ job_name }) => job_name),
      ["pushgateway", "kube-state-metrics", "pods", "pods-ml"],
    );
  });

  it("bounds what Prometheus takes from a team's pods, by a monitor of the team's own", async () => {
    const recording = await register();
    const spec = (name: string) =>
      recording.one("kubernetes:monitoring.coreos.com/v1:PodMonitor", name)
        .inputs["spec"] as {
        readonly namespaceSelector: object;
        readonly podMetricsEndpoints: readonly {
          readonly relabelings?: readonly object[];
        }[];
        readonly sampleLimit?: number;
      };
    const own = spec("observability-pods-ml");
    assert.deepEqual(own.namespaceSelector, { matchNames: ["ml"] });
    assert.ok((own.sampleLimit ?? Infinity) <= 10_000);
    for (const limit of ["target", "label", "bodySize", "labelValueLength"])
      assert.ok(`${limit}Limit` in own, limit);
    const others = spec("observability-pods");
    assert.deepEqual(others.namespaceSelector, { any: true });
    assert.deepEqual(others.podMetricsEndpoints[0]?.relabelings, [
      {
        sourceLabels: ["__meta_kubernetes_namespace"],
        action: "drop",
        regex: "ml",
      },
    ]);
    const { prometheus } = recording.one(
      "kubernetes:helm.sh/v3:Release",
      "observability-stack",
    ).inputs["values"] as {
      readonly prometheus: {
        readonly prometheusSpec: Readonly<Record<string, unknown>>;
      };
    };
    for (const limit of ["Sample", "Target", "Label", "LabelValueLength"])
      assert.ok(
        Number(prometheus.prometheusSpec[`enforced${limit}Limit`]) > 0,
        limit,
      );
  });

  it("refuses what cannot be meant", () => {
    for (const config of [
      { retention: "a while" },
      { retention: "15" },
      { intervalSeconds: 0 },
      { kind: "grafana" },
    ]) {
      const parsed = observabilitySchema.safeParse(config);
      assert.ok(!parsed.success, JSON.stringify(config));
    }
  });
});

describe("dashboards", () => {
  it("ask the same of Prometheus on Grafana as on console pages", () => {
    const assets = consoleAssets(dashboards);
    for (const dashboard of dashboards) {
      assert.deepEqual(
        JSON.parse(assets[`${dashboard.name}.json`] ?? ""),
        dashboard,
      );
    }
    const drawn = dashboards.flatMap((dashboard) =>
      (grafanaDashboard(dashboard).panels ?? []).flatMap((panel) =>
        ((panel as { targets?: { expr: string }[] }).targets ?? []).map(
          ({ expr }) => expr,
        ),
      ),
    );
    assert.deepEqual(drawn.sort(), [...queries].sort());
  });

  it("fit in their ConfigMaps, and load nothing from elsewhere", () => {
    for (const data of [consolePages(dashboards), consoleAssets(dashboards)]) {
      assert.ok(JSON.stringify(data).length < 900_000);
    }
    for (const page of Object.values(consolePages(dashboards))) {
      assert.doesNotMatch(page, /https?:|TITLE|NAME|LINKS/);
    }
  });
});
