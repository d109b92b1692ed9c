import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { PlacedPool, Platform } from "../infra/platform";
import {
  containerSecurity,
  processSecurity,
  workloadUser,
} from "./restricted-pod";
import type { Team, TeamAccount } from "./team";

/** What a model's server is. */
export interface ModelServerArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  readonly image: pulumi.Input<string>;
  readonly arguments: readonly pulumi.Input<string>[];
  readonly size: ModelServerSize;
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

/** A model behind HTTP: a Deployment whose pods answer as soon as they have loaded it, and a Service before them. */
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
    const deployment = new k8s.apps.v1.Deployment(
      name,
      {
        metadata,
        spec: {
          replicas: args.size.replicas,
          selector: { matchLabels: labels },
          // A new model takes the place of the old one only once it answers.
          strategy: {
            rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
          },
          template: {
            metadata: {
              labels: { ...args.account.identity.podLabels, ...labels },
            },
            spec: podSpec(name, args),
          },
        },
      },
      { ...child, dependsOn: [...args.account.ready, ...(args.after ?? [])] },
    );
    const service = new k8s.core.v1.Service(
      name,
      {
        metadata,
        spec: {
          selector: labels,
          ports: [{ name: "http", port: 80, targetPort: "http" }],
        },
      },
      { ...child, dependsOn: [deployment] },
    );
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
    this.url = pulumi.interpolate`http://${service.metadata.name}.${args.team.namespace}.svc`;
    this.registerOutputs({ url: this.url });
  }
}

function podSpec(
  name: string,
  args: ModelServerArgs,
): k8s.types.input.core.v1.PodSpec {
  const { cpu, memory } = args.size;
  return {
    serviceAccountName: args.account.name,
    nodeSelector: args.pool.placement.nodeSelector,
    tolerations: [...args.pool.placement.tolerations],
    securityContext: processSecurity(workloadUser),
    containers: [
      {
        name,
        image: args.image,
        args: [...args.arguments],
        env: [...args.account.identity.env],
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
        securityContext: { ...containerSecurity, readOnlyRootFilesystem: true },
      },
    ],
  };
}
