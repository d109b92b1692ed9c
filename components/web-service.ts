import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../infra/platform";
import { podService } from "./pod-service";
import type { Team } from "./team";
import { teamPodSpec, type TeamPodArgs } from "./team-pod";
import type { WebServiceSize } from "./web-service-size";

/** A container of a team's that answers on a port. */
export interface WebServiceArgs extends TeamPodArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly size: WebServiceSize;
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
      spec: teamPodSpec(name, args, answering(args)),
    },
  };
}

/** Port and probes of a container that answers. */
function answering(
  args: WebServiceArgs,
): Pick<
  k8s.types.input.core.v1.Container,
  "ports" | "startupProbe" | "readinessProbe" | "livenessProbe" | "lifecycle"
> {
  const ready =
    args.health === undefined
      ? { tcpSocket: { port: "http" } }
      : { httpGet: { path: args.health, port: "http" } };
  return {
    ports: [{ name: "http", containerPort: args.port }],
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
  };
}
