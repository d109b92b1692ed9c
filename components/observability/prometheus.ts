import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import type { Platform } from "../../infra/platform";
import { amount } from "../../infra/quantity";
import { readOnlySecurity, podSecurity } from "../pods/restricted-pod";
import { images } from "../versions";
import { ruleGroups } from "./alerts";
import { clusterReader } from "./cluster-reader";
import type { ObservabilityConfig } from "./config";
import { consoleAssets, consolePages } from "./console";
import type { PoolRate } from "./cost-rules";
import { dashboardsFor } from "./dashboards";
import { scrapeConfigs } from "./scrape-config";
import { ofPlatform, scrapeConfigLimits } from "./scrape-limits";
import { podService } from "../pods/pod-service";

/** Port of its API and its pages. */
const port = 9090;

/** Name of its service, and `app.kubernetes.io/name` of its pods. */
export const prometheusName = "prometheus";

const labels = { "app.kubernetes.io/name": prometheusName };

/** Arguments of a Prometheus without the operator. */
export interface PrometheusArgs {
  readonly platform: Pick<Platform, "volume">;
  readonly namespace: pulumi.Output<string>;
  readonly config: ObservabilityConfig;
  readonly rates: readonly PoolRate[];
  /** By name, which is that of their namespaces. */
  readonly teams: ReadonlyMap<string, unknown>;
}

/** One Prometheus with its samples on a volume, and the dashboards as its console pages. @returns its URL */
export function prometheus(
  { platform, namespace, config, rates, teams }: PrometheusArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const name = prometheusName;
  const metadata = { name, namespace, labels };
  const account = clusterReader(
    name,
    namespace,
    [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
    opts,
  );
  const files = (part: string, data: Readonly<Record<string, string>>) =>
    new k8s.core.v1.ConfigMap(
      `${name}-${part}`,
      { metadata: { namespace, labels }, data: { ...data } },
      opts,
    ).metadata.name;
  const dashboards = dashboardsFor({ priced: rates.length > 0 });
  const volumes = {
    settings: files(
      "settings",
      settingsFiles(config, rates, [...teams.keys()]),
    ),
    pages: files("pages", consolePages(dashboards)),
    assets: files("assets", consoleAssets(dashboards)),
  };
  const { claim } = platform.volume(
    `${name}-data`,
    { namespace, name: `${name}-data`, size: config.storage },
    { parent: opts.parent },
  );
  const service = podService(
    name,
    { metadata, selector: labels, ports: [{ name: "http", port }] },
    opts,
  );
  const set = new k8s.apps.v1.StatefulSet(
    name,
    {
      metadata,
      spec: {
        serviceName: service.metadata.name,
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: pod(account, claim, volumes) },
      },
    },
    opts,
  );
  return pulumi
    .all([service.metadata, set.id])
    .apply(([its]) => `http://${its.name}.${its.namespace}.svc:${port}`);
}

/** `prometheus.yml` and the rules beside it. */
export function settingsFiles(
  config: Pick<
    ObservabilityConfig,
    "retention" | "storage" | "intervalSeconds"
  >,
  rates: readonly PoolRate[],
  teams: readonly string[],
): Record<string, string> {
  const interval = `${config.intervalSeconds}s`;
  return {
    "prometheus.yml": stringify({
      global: {
        scrape_interval: interval,
        evaluation_interval: interval,
        ...scrapeConfigLimits(ofPlatform),
      },
      storage: {
        tsdb: {
          retention: {
            time: config.retention,
            // Blocks under compaction take up space twice until it ends, hence the reserve.
            size: `${Math.floor(amount(config.storage) * 0.8)}B`,
          },
        },
      },
      rule_files: ["rules.yml"],
      scrape_configs: scrapeConfigs(teams),
    }),
    "rules.yml": stringify({ groups: ruleGroups(rates) }),
  };
}

const folder = "/etc/prometheus";

function pod(
  account: pulumi.Input<string>,
  claimName: pulumi.Input<string>,
  volumes: Readonly<Record<string, pulumi.Input<string>>>,
): k8s.types.input.core.v1.PodSpec {
  return {
    serviceAccountName: account,
    enableServiceLinks: false,
    securityContext: podSecurity(65534),
    containers: [
      {
        name: prometheusName,
        image: images.prometheus,
        args: [
          `--config.file=${folder}/settings/prometheus.yml`,
          "--storage.tsdb.path=/prometheus",
          `--web.console.templates=${folder}/pages`,
          `--web.console.libraries=${folder}/pages`,
          `--web.user-assets=${folder}/assets`,
        ],
        ports: [{ name: "http", containerPort: port }],
        readinessProbe: {
          httpGet: { path: "/-/ready", port: "http" },
          periodSeconds: 2,
          failureThreshold: 60,
        },
        resources: {
          requests: { cpu: "50m", memory: "256Mi" },
          limits: { memory: "1Gi" },
        },
        securityContext: readOnlySecurity,
        volumeMounts: [
          { name: "data", mountPath: "/prometheus" },
          ...Object.keys(volumes).map((name) => ({
            name,
            mountPath: `${folder}/${name}`,
          })),
        ],
      },
    ],
    volumes: [
      { name: "data", persistentVolumeClaim: { claimName } },
      ...Object.entries(volumes).map(([name, configMap]) => ({
        name,
        configMap: { name: configMap },
      })),
    ],
  };
}
