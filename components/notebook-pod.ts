import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { NotebookArgs } from "./notebook";
import { containerSecurity, podSecurity, workloadUser } from "./restricted-pod";

/** What the pod of a notebook server is. */
export interface NotebookPodArgs extends Pick<
  NotebookArgs,
  "account" | "pool" | "image" | "size" | "env"
> {
  /** Name of the secret whose `token` opens the server. */
  readonly secret: pulumi.Input<string>;
  /** Name of the ConfigMap with Spark's settings. */
  readonly settings: pulumi.Input<string>;
  /** Where Kubeflow's controller runs it: the path that it answers under, and the claim of its home. */
  readonly kubeflow?: {
    readonly path: pulumi.Input<string>;
    readonly home: pulumi.Input<string>;
  };
}

const port = 8888;
const home = "/home/spark";
const settingsFolder = "/opt/mlstack/spark-conf";

/** JupyterLab with a home; the volume `home` is the caller's unless there is a claim for it. */
export function notebookPod(
  container: string,
  args: NotebookPodArgs,
): k8s.types.input.core.v1.PodSpec {
  const { account, pool, image, size, env, kubeflow } = args;
  const { cpu, memory } = size;
  const path = kubeflow?.path ?? "";
  return {
    serviceAccountName: account.name,
    nodeSelector: pool.placement.nodeSelector,
    tolerations: [...pool.placement.tolerations],
    securityContext: podSecurity(workloadUser),
    containers: [
      {
        name: container,
        image,
        command: ["tini", "--", "bash", "-c", startServer(args)],
        workingDir: home,
        env: [
          ...account.identity.env,
          ...Object.entries(env).map(([name, value]) => ({ name, value })),
          { name: "HOME", value: home },
          { name: "SPARK_CONF_DIR", value: settingsFolder },
          {
            name: "JUPYTER_TOKEN",
            valueFrom: { secretKeyRef: { name: args.secret, key: "token" } },
          },
        ],
        ports: [{ name: "http", containerPort: port }],
        resources: { requests: { cpu, memory }, limits: { memory } },
        readinessProbe: {
          httpGet: { path: pulumi.interpolate`${path}/api`, port: "http" },
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
    volumes: [
      { name: "spark-conf", configMap: { name: args.settings } },
      ...(kubeflow === undefined
        ? []
        : [
            {
              name: "home",
              persistentVolumeClaim: { claimName: kubeflow.home },
            },
          ]),
    ],
  };
}

/** Starts the server; a new home gets the notebooks of the image, and one's own changes to them stay. */
function startServer({
  size,
  kubeflow,
}: NotebookPodArgs): pulumi.Output<string> {
  const idle = size.idleMinutes * 60;
  const line = [
    `cp --no-clobber /opt/mlstack/notebooks/*.ipynb ${home}/;`,
    `exec jupyter lab --ip=0.0.0.0 --port=${port} --no-browser`,
    `--MappingKernelManager.cull_idle_timeout=${idle}`,
    "--MappingKernelManager.cull_interval=60",
    // A tab that was left open keeps a connection, and would keep the kernel.
    "--MappingKernelManager.cull_connected=True",
    `--TerminalManager.cull_inactive_timeout=${idle}`,
    "--TerminalManager.cull_interval=60",
  ].join(" ");
  return kubeflow === undefined
    ? pulumi.output(line)
    : pulumi.interpolate`${line} --ServerApp.base_url=${kubeflow.path}/ --config=/opt/mlstack/notebooks/kubeflow.py`;
}
