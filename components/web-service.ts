import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { PlacedPool, Platform } from "../infra/platform";
import { podService } from "./pod-service";
import { containerSecurity, podSecurity } from "./restricted-pod";
import type { Team, TeamAccount } from "./team";
import type { WebServiceSize } from "./web-service-size";

/** A container of a team's that answers on a port. */
export interface WebServiceArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  readonly image: pulumi.Input<string>;
  /** The image's own unless given. */
  readonly command?: readonly string[];
  readonly arguments: readonly pulumi.Input<string>[];
  /** More of the container's environment. */
  readonly env?: readonly k8s.types.input.core.v1.EnvVar[];
  readonly size: WebServiceSize;
  /** Number of the user that it runs as. */
  readonly user: number;
  /** Port that the container listens on. */
  readonly port: number;
  /** Path that answers 2xx once it is ready; unless given it is ready once the port takes connections. */
  readonly health?: string;
  /** Seconds after which a version that is not ready counts as failed. */
  readonly timeoutSeconds: number;
  /** Of the objects. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Labels of the pods. */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** Resources that are created, and jobs that end, before it starts. */
  readonly after?: readonly pulumi.Resource[];
}

/** A Deployment and its Service: the program waits until every replica is ready, and a new one takes an old one's place only then. */
export class WebService extends pulumi.ComponentResource {
  /** Where it answers, inside of the cluster. */
  readonly url: pulumi.Output<string>;

  constructor(
    name: string,
    args: WebServiceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:WebService", name, {}, opts);
    const child = { parent: this, provider: args.platform.provider };
    const selector = { "app.kubernetes.io/name": name };
    const metadata = {
      name,
      namespace: args.team.namespace,
      labels: { ...args.labels, ...selector },
    };
    const patience = `${args.timeoutSeconds}s`;
    const deployment = new k8s.apps.v1.Deployment(
      name,
      { metadata, spec: deploymentSpec(name, selector, args) },
      {
        ...child,
        customTimeouts: { create: patience, update: patience },
        dependsOn: [...args.account.ready, ...(args.after ?? [])],
      },
    );
    const service = podService(
      name,
      {
        metadata,
        selector,
        ports: [{ name: "http", port: 80, targetPort: "http" }],
      },
      { ...child, dependsOn: [deployment] },
    );
    if (args.size.replicas > 1) {
      new k8s.policy.v1.PodDisruptionBudget(
        name,
        {
          metadata,
          spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
        },
        child,
      );
    }
    this.url = pulumi.interpolate`http://${service.metadata.name}.${args.team.namespace}.svc`;
    this.registerOutputs({ url: this.url });
  }
}

function deploymentSpec(
  name: string,
  selector: Readonly<Record<string, string>>,
  args: WebServiceArgs,
): k8s.types.input.apps.v1.DeploymentSpec {
  const { identity } = args.account;
  return {
    replicas: args.size.replicas,
    selector: { matchLabels: selector },
    strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    progressDeadlineSeconds: args.timeoutSeconds,
    template: {
      metadata: {
        labels: { ...identity.podLabels, ...args.podLabels, ...selector },
      },
      spec: {
        serviceAccountName: args.account.name,
        // It has no rights in the cluster, and so no use for a token.
        automountServiceAccountToken: false,
        nodeSelector: args.pool.placement.nodeSelector,
        tolerations: [...args.pool.placement.tolerations],
        securityContext: podSecurity(args.user),
        containers: [container(name, args)],
      },
    },
  };
}

function container(
  name: string,
  args: WebServiceArgs,
): k8s.types.input.core.v1.Container {
  const { cpu, memory, gpus } = args.size;
  const gpu =
    gpus > 0 && args.pool.gpuResource !== undefined
      ? { [args.pool.gpuResource]: String(gpus) }
      : {};
  const ready =
    args.health === undefined
      ? { tcpSocket: { port: "http" } }
      : { httpGet: { path: args.health, port: "http" } };
  return {
    name,
    image: args.image,
    imagePullPolicy: "IfNotPresent",
    ...(args.command === undefined ? {} : { command: [...args.command] }),
    args: [...args.arguments],
    env: [...args.account.identity.env, ...(args.env ?? [])],
    ports: [{ name: "http", containerPort: args.port }],
    resources: {
      requests: { cpu, memory, ...gpu },
      limits: { memory, ...gpu },
    },
    // A start takes as long as it takes, within the time-out; one that no longer answers later is started again.
    startupProbe: {
      ...ready,
      periodSeconds: 1,
      failureThreshold: args.timeoutSeconds,
    },
    readinessProbe: { ...ready, periodSeconds: 2 },
    livenessProbe: { ...ready, periodSeconds: 10, failureThreshold: 6 },
    // Endpoints take a moment to leave the lists of those who call.
    lifecycle: { preStop: { sleep: { seconds: 2 } } },
    securityContext: containerSecurity,
  };
}
