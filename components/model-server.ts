import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { PlacedPool, Platform } from "../infra/platform";
import {
  InferenceService,
  predictorContainer,
  predictorService,
} from "./kinds/inference-service";
import {
  readOnlySecurity,
  processSecurity,
  workloadUser,
} from "./restricted-pod";
import type { Team, TeamAccount } from "./team";
import { podService } from "./pod-service";

/** What a model's server is. */
export interface ModelServerArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  readonly image: pulumi.Input<string>;
  readonly arguments: readonly pulumi.Input<string>[];
  readonly size: ModelServerSize;
  /** KServe's objects, where the stack has it. */
  readonly kserve?: pulumi.Input<pulumi.Resource[]>;
  /** What must have ended before the server looks for its model. */
  readonly after?: readonly pulumi.Resource[];
}

/** Size of a model's server. */
export interface ModelServerSize {
  readonly replicas: number;
  readonly cpu: string;
  readonly memory: string;
}

const port = 8080;

/**
 * A model behind HTTP, in pods that answer as soon as they have loaded it: an InferenceService where the stack has
 * KServe, a Deployment and a Service of the same elsewhere.
 */
export class ModelServer extends pulumi.ComponentResource {
  /** Where the model answers, inside of the cluster. */
  readonly url: pulumi.Output<string>;

  constructor(
    name: string,
    args: ModelServerArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:ModelServer", name, {}, opts);
    const child = { parent: this, provider: args.platform.provider };
    const labels = { "app.kubernetes.io/name": name };
    const metadata = { name, namespace: args.team.namespace, labels };
    const server: Server = {
      name,
      args,
      labels,
      metadata,
      podLabels: { ...args.account.identity.podLabels, ...labels },
      // A new model takes the place of the old one only once it answers.
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      after: [...args.account.ready, ...(args.after ?? [])],
      child,
    };
    const service =
      args.kserve === undefined
        ? deploy(server)
        : inferenceService(server, args.kserve);
    if (args.size.replicas > 1) {
      new k8s.policy.v1.PodDisruptionBudget(
        name,
        {
          metadata,
          spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
        },
        child,
      );
    }
    this.url = pulumi.interpolate`http://${service}.${args.team.namespace}.svc`;
    this.registerOutputs({ url: this.url });
  }
}

interface Server {
  readonly name: string;
  readonly args: ModelServerArgs;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: k8s.types.input.meta.v1.ObjectMeta;
  readonly podLabels: Readonly<Record<string, pulumi.Input<string>>>;
  readonly strategy: k8s.types.input.apps.v1.DeploymentStrategy;
  readonly after: readonly pulumi.Resource[];
  readonly child: pulumi.CustomResourceOptions;
}

/** @returns the name of the Service */
function deploy(server: Server): pulumi.Output<string> {
  const { name, args, labels, metadata, child } = server;
  const deployment = new k8s.apps.v1.Deployment(
    name,
    {
      metadata,
      spec: {
        replicas: args.size.replicas,
        selector: { matchLabels: labels },
        strategy: server.strategy,
        template: {
          metadata: { labels: server.podLabels },
          spec: podSpec(name, args),
        },
      },
    },
    { ...child, dependsOn: [...server.after] },
  );
  const service = podService(
    name,
    {
      metadata,
      selector: labels,
      ports: [{ name: "http", port: 80, targetPort: "http" }],
    },
    { ...child, dependsOn: [deployment] },
  );
  return service.metadata.name;
}

/** @returns the name of the Service that KServe makes */
function inferenceService(
  server: Server,
  kserve: pulumi.Input<pulumi.Resource[]>,
): pulumi.Output<string> {
  const { args, metadata, child } = server;
  const { replicas } = args.size;
  const service = new InferenceService(
    server.name,
    {
      metadata: {
        ...metadata,
        annotations: {
          "pulumi.com/waitFor": "condition=Ready",
          // As many as were asked for; an autoscaler would want metrics of the pods.
          "serving.kserve.io/autoscalerClass": "none",
        },
      },
      spec: {
        predictor: {
          labels: server.podLabels,
          minReplicas: replicas,
          maxReplicas: replicas,
          deploymentStrategy: server.strategy,
          ...podSpec(predictorContainer, args),
        },
      },
    },
    {
      ...child,
      dependsOn: pulumi
        .output(kserve)
        .apply((installed) => [...installed, ...server.after]),
    },
  );
  return service.metadata.name.apply(predictorService);
}

function podSpec(
  container: string,
  args: ModelServerArgs,
): k8s.types.input.core.v1.PodSpec {
  const { cpu, memory } = args.size;
  return {
    serviceAccountName: args.account.name,
    nodeSelector: args.pool.placement.nodeSelector,
    tolerations: unlessEmpty(args.pool.placement.tolerations),
    securityContext: processSecurity(workloadUser),
    containers: [
      {
        name: container,
        image: args.image,
        args: unlessEmpty(args.arguments),
        env: unlessEmpty(args.account.identity.env),
        ports: [{ name: "http", containerPort: port }],
        resources: { requests: { cpu, memory }, limits: { memory } },
        readinessProbe: {
          httpGet: { path: "/healthz", port: "http" },
          periodSeconds: 1,
          failureThreshold: 60,
        },
        livenessProbe: {
          httpGet: { path: "/healthz", port: "http" },
          initialDelaySeconds: 30,
          periodSeconds: 10,
        },
        // Endpoints take a moment to leave the lists of those who call.
        lifecycle: { preStop: { sleep: { seconds: 2 } } },
        securityContext: readOnlySecurity,
      },
    ],
  };
}

/** A list, or nothing: KServe's webhook drops empty ones, and each preview would show them as added. */
function unlessEmpty<Item>(list: readonly Item[]): Item[] | undefined {
  return list.length > 0 ? [...list] : undefined;
}
