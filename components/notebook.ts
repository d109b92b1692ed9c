import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { PlacedPool, Platform } from "../infra/platform";
import { RandomSecret } from "../infra/random-secret";
import { containerSecurity, podSecurity, workloadUser } from "./restricted-pod";
import { sparkConf } from "./spark-conf";
import type { Team, TeamAccount } from "./team";

/** What a notebook server is. */
export interface NotebookArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  readonly image: pulumi.Input<string>;
  readonly size: NotebookSize;
  /** More of the server's environment, such as where the feature store is. */
  readonly env: Readonly<Record<string, pulumi.Input<string>>>;
}

/** Size of a notebook server, and when what it does no more is ended. */
export interface NotebookSize {
  readonly cpu: string;
  readonly memory: string;
  /** Size of the home, which outlives the server. */
  readonly disk: string;
  /** Minutes after which a kernel or terminal that does nothing is ended, with its memory. */
  readonly idleMinutes: number;
}

const port = 8888;
const home = "/home/spark";
const settingsFolder = "/opt/mlstack/spark-conf";

/** JupyterLab for one person of a team, with PySpark that reaches the feature store as the team's account may. */
export class Notebook extends pulumi.ComponentResource {
  /** Secret: whoever has it runs code as the account. */
  readonly token: pulumi.Output<string>;
  /** Where the server answers, inside of the cluster. */
  readonly url: pulumi.Output<string>;

  constructor(
    name: string,
    private readonly args: NotebookArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:Notebook", name, {}, opts);
    const child = { parent: this, provider: args.platform.provider };
    const labels = { "app.kubernetes.io/name": name };
    const metadata = { name, namespace: args.team.namespace, labels };
    this.token = new RandomSecret(
      `${name}-token`,
      { bytes: 24 },
      { parent: this },
    ).hex;
    const secret = new k8s.core.v1.Secret(
      `${name}-token`,
      {
        metadata: { ...metadata, name: `${name}-token` },
        stringData: { token: this.token },
      },
      child,
    );
    const settings = new k8s.core.v1.ConfigMap(
      `${name}-spark`,
      {
        metadata: { ...metadata, name: `${name}-spark` },
        data: { "spark-defaults.conf": sparkDefaults(args) },
      },
      child,
    );
    const service = new k8s.core.v1.Service(
      name,
      {
        // Its endpoints come with the server, which in turn needs the service's name.
        metadata: {
          ...metadata,
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: {
          selector: labels,
          ports: [{ name: "http", port: 80, targetPort: "http" }],
        },
      },
      child,
    );
    new k8s.apps.v1.StatefulSet(
      name,
      {
        metadata,
        spec: {
          serviceName: service.metadata.name,
          selector: { matchLabels: labels },
          template: {
            metadata: {
              labels: { ...args.account.identity.podLabels, ...labels },
            },
            spec: this.podSpec(secret.metadata.name, settings.metadata.name),
          },
          volumeClaimTemplates: [
            {
              metadata: { name: "home" },
              spec: {
                storageClassName: args.platform.storage.block,
                accessModes: ["ReadWriteOnce"],
                resources: { requests: { storage: args.size.disk } },
              },
            },
          ],
        },
      },
      { ...child, dependsOn: [...args.account.ready] },
    );
    this.url = pulumi.interpolate`http://${service.metadata.name}.${args.team.namespace}.svc`;
    this.registerOutputs({ token: this.token, url: this.url });
  }

  private podSpec(
    secret: pulumi.Input<string>,
    settings: pulumi.Input<string>,
  ): k8s.types.input.core.v1.PodSpec {
    const { account, pool, image, size, env } = this.args;
    const { cpu, memory } = size;
    return {
      serviceAccountName: account.name,
      nodeSelector: pool.placement.nodeSelector,
      tolerations: [...pool.placement.tolerations],
      securityContext: podSecurity(workloadUser),
      containers: [
        {
          name: "jupyter",
          image,
          command: ["tini", "--", "bash", "-c", start(size.idleMinutes)],
          env: [
            ...account.identity.env,
            ...Object.entries(env).map(([key, value]) => ({
              name: key,
              value,
            })),
            { name: "HOME", value: home },
            { name: "SPARK_CONF_DIR", value: settingsFolder },
            {
              name: "JUPYTER_TOKEN",
              valueFrom: { secretKeyRef: { name: secret, key: "token" } },
            },
          ],
          ports: [{ name: "http", containerPort: port }],
          resources: { requests: { cpu, memory }, limits: { memory } },
          readinessProbe: {
            httpGet: { path: "/api", port: "http" },
            periodSeconds: 1,
            failureThreshold: 120,
          },
          volumeMounts: [
            { name: "home", mountPath: home },
            { name: "spark-conf", mountPath: settingsFolder, readOnly: true },
          ],
          securityContext: containerSecurity,
        },
      ],
      volumes: [{ name: "spark-conf", configMap: { name: settings } }],
    };
  }
}

/** Starts the server; a new home gets the notebooks of the image, and one's own changes to them stay. */
function start(idleMinutes: number): string {
  const idle = idleMinutes * 60;
  return [
    `cp --no-clobber /opt/mlstack/notebooks/*.ipynb ${home}/;`,
    `cd ${home} && exec jupyter lab --ip=0.0.0.0 --port=${port} --no-browser`,
    `--MappingKernelManager.cull_idle_timeout=${idle}`,
    "--MappingKernelManager.cull_interval=60",
    // A tab that was left open keeps a connection, and would keep the kernel.
    "--MappingKernelManager.cull_connected=True",
    `--TerminalManager.cull_inactive_timeout=${idle}`,
    "--TerminalManager.cull_interval=60",
  ].join(" ");
}

/** What a session in the notebook starts with: all in one process, and the store as the account reaches it. */
function sparkDefaults(args: NotebookArgs): pulumi.Output<string> {
  return pulumi
    .output({ ...args.account.identity.hadoopConf })
    .apply((hadoopConf) =>
      [
        ["spark.master", "local[*]"],
        ["spark.ui.showConsoleProgress", "false"],
        ...Object.entries(sparkConf),
        ...Object.entries(hadoopConf).map(([key, value]) => [
          `spark.hadoop.${key}`,
          value,
        ]),
      ]
        .map(([key, value]) => `${key} ${value}\n`)
        .join(""),
    );
}
