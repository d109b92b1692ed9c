import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { NotebookArgs } from "./notebook-args";
import {
  containerSecurity,
  podSecurity,
  workloadUser,
} from "../pods/restricted-pod";

/** Arguments of the pod of a notebook server. */
export interface NotebookPodArgs extends Pick<
  NotebookArgs,
  "account" | "pool" | "image" | "size" | "env"
> {
  /** Name of the secret whose `token` opens the server. */
  readonly secret: pulumi.Input<string>;
  /** Name of the ConfigMap with Spark's settings. */
  readonly settings: pulumi.Input<string>;
  /** Name of the claim of the home. */
  readonly home: pulumi.Input<string>;
  /** Path that the server answers under, where Kubeflow's controller runs it. */
  readonly path?: pulumi.Input<string>;
}

const port = 8888;
const homeFolder = "/home/spark";
const settingsFolder = "/opt/mlstack/spark-conf";

/** JupyterLab with a home on a volume. */
export function notebookPod(
  container: string,
  args: NotebookPodArgs,
): k8s.types.input.core.v1.PodSpec {
  const { account, pool, image, size, env, home, path = "" } = args;
  const { cpu, memory } = size;
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
        workingDir: homeFolder,
        env: [
          ...account.identity.env,
          ...Object.entries(env).map(([name, value]) => ({ name, value })),
          { name: "HOME", value: homeFolder },
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
          { name: "home", mountPath: homeFolder },
          { name: "spark-conf", mountPath: settingsFolder, readOnly: true },
        ],
        securityContext: containerSecurity,
      },
    ],
    volumes: [
      { name: "spark-conf", configMap: { name: args.settings } },
      { name: "home", persistentVolumeClaim: { claimName: home } },
    ],
  };
}

/** Starts the server; a new home gets the notebooks of the image, and one's own changes to them stay. */
function startServer({ size, path }: NotebookPodArgs): pulumi.Output<string> {
  const idle = size.idleMinutes * 60;
  const line = [
    `cp --no-clobber /opt/mlstack/notebooks/*.ipynb ${homeFolder}/;`,
    `exec jupyter lab --ip=0.0.0.0 --port=${port} --no-browser`,
    `--MappingKernelManager.cull_idle_timeout=${idle}`,
    "--MappingKernelManager.cull_interval=60",
    // A tab that was left open keeps a connection, and would keep the kernel.
    "--MappingKernelManager.cull_connected=True",
    `--TerminalManager.cull_inactive_timeout=${idle}`,
    "--TerminalManager.cull_interval=60",
  ].join(" ");
  return path === undefined
    ? pulumi.output(line)
    : pulumi.interpolate`${line} --ServerApp.base_url=${path}/ --config=/opt/mlstack/notebooks/kubeflow.py`;
}
