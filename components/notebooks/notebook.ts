import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { nameFor } from "../../infra/names/name-limits";
import { RandomSecret } from "../../infra/random-secret";
import { Notebook as NotebookKind } from "../kinds/notebook";
import { kubeflowNamespace } from "../kubeflow/namespace";
import { ingressOnly } from "../network-policy";
import type { NotebookArgs } from "./notebook-args";
import { notebookPod } from "./notebook-pod";
import { sparkConf } from "../spark/conf";
import { podService } from "../pods/pod-service";

/** Context shared by the parts of a notebook. */
interface Parts {
  readonly metadata: k8s.types.input.meta.v1.ObjectMeta & {
    readonly name: string;
  };
  readonly labels: Readonly<Record<string, string>>;
  /** Name of the claim of the home. */
  readonly home: pulumi.Input<string>;
  readonly secret: pulumi.Input<string>;
  readonly settings: pulumi.Input<string>;
  readonly child: pulumi.CustomResourceOptions;
}

/** JupyterLab for one person of a team, with PySpark that reaches the feature store as the team's account may. */
export class Notebook extends pulumi.ComponentResource {
  /** Secret: anyone who has it runs code as the account. */
  readonly token: pulumi.Output<string>;
  /** Address of the server inside the cluster. */
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
    const parts: Parts = {
      metadata,
      labels,
      home: args.platform.volume(
        `${name}-home`,
        {
          namespace: args.team.namespace,
          name: `${name}-home`,
          size: args.size.disk,
        },
        { parent: this },
      ).claim,
      secret: secret.metadata.name,
      settings: settings.metadata.name,
      child: { ...child, dependsOn: [...args.account.ready] },
    };
    this.url =
      args.controller === undefined
        ? this.runServer(parts)
        : this.haveItRun(parts, args.controller);
    this.registerOutputs({ token: this.token, url: this.url });
  }

  /** A server of the program's own. @returns where it answers */
  private runServer(parts: Parts): pulumi.Output<string> {
    const { metadata, labels, child, ...pod } = parts;
    const { account, team } = this.args;
    const { name } = metadata;
    const service = podService(
      name,
      {
        metadata,
        selector: labels,
        ports: [{ name: "http", port: 80, targetPort: "http" }],
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
            metadata: { labels: { ...account.identity.podLabels, ...labels } },
            spec: notebookPod("jupyter", { ...this.args, ...pod }),
          },
        },
      },
      child,
    );
    return pulumi.interpolate`http://${name}.${team.namespace}.svc`;
  }

  /** A server that Kubeflow's controller runs, with its Service. @returns where it answers */
  private haveItRun(
    { metadata: { namespace, name }, child, ...pod }: Parts,
    controller: pulumi.Input<pulumi.Resource[]>,
  ): pulumi.Output<string> {
    const { account, team } = this.args;
    // Another name than that of the program's own server: a stack that gets or loses the controller has both for a while.
    const server = nameFor("Notebook", name, "server");
    const labels = { "app.kubernetes.io/name": server };
    const metadata = { namespace, name: server, labels };
    new k8s.networking.v1.NetworkPolicy(
      `${name}-controller`,
      {
        metadata: { ...metadata, name: `${name}-controller` },
        spec: ingressOnly(
          [{ from: [notebookController], ports: [{ port: "http" }] }],
          labels,
        ),
      },
      child,
    );
    // The one that the controller's own StatefulSet would be given, and that it asks for the server's kernels.
    const path = pulumi.interpolate`/notebook/${team.namespace}/${server}`;
    new NotebookKind(
      name,
      {
        // The controller carries the labels over to the pod. Nothing waits for a ready one: an idle one is stopped,
        // and would fail the next `up` that changes it.
        metadata: {
          ...metadata,
          labels: { ...account.identity.podLabels, ...labels },
        },
        spec: {
          template: {
            // The controller reads the state of the container that is named like the notebook.
            spec: notebookPod(server, {
              ...this.args,
              ...pod,
              path,
            }),
          },
        },
      },
      {
        ...child,
        dependsOn: pulumi
          .output(controller)
          .apply((installed) => [...installed, ...account.ready]),
      },
    );
    return pulumi.interpolate`http://${server}.${team.namespace}.svc${path}`;
  }
}

/** Pods of Kubeflow's notebook controller, which ask a server whether its kernels are idle. */
const notebookController: k8s.types.input.networking.v1.NetworkPolicyPeer = {
  namespaceSelector: {
    matchLabels: { "kubernetes.io/metadata.name": kubeflowNamespace },
  },
  podSelector: { matchLabels: { app: "notebook-controller" } },
};

/** Spark defaults of a session in the notebook: one process, and the object store with the account's credentials. */
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
