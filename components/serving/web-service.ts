import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../infra/platform";
import {
  InferenceService,
  predictorContainer,
  predictorService,
} from "../kinds/inference-service";
import { podService } from "../pods/pod-service";
import type { Team } from "../teams/team";
import { teamPodSpec, type TeamPodArgs } from "../teams/pod";
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
  /** KServe's objects, where the stack has it. */
  readonly kserve?: pulumi.Input<pulumi.Resource[]>;
  /** Labels of the objects. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Labels of the pods. */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** Resources that are created, and jobs that end, before it starts. */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * Replicas behind a Service, as an InferenceService where the stack has KServe, and as a Deployment elsewhere: the
 * program waits until they are ready, and a new one takes an old one's place only then.
 */
export class WebService extends pulumi.ComponentResource {
  /** Address of the service inside the cluster. */
  readonly url: pulumi.Output<string>;

  constructor(
    name: string,
    args: WebServiceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:WebService", name, {}, opts);
    const patience = `${args.timeoutSeconds}s`;
    const child = {
      parent: this,
      provider: args.platform.provider,
      customTimeouts: { create: patience, update: patience },
    };
    const selector = { "app.kubernetes.io/name": name };
    const metadata = {
      name,
      namespace: args.team.namespace,
      labels: { ...args.labels, ...selector },
    };
    const served = { name, args, selector, metadata, child };
    const service =
      args.kserve === undefined
        ? deploy(served)
        : inferenceService(served, args.kserve);
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
    this.url = pulumi.interpolate`http://${service}.${args.team.namespace}.svc`;
    this.registerOutputs({ url: this.url });
  }
}

interface Served {
  readonly name: string;
  readonly args: WebServiceArgs;
  readonly selector: Readonly<Record<string, string>>;
  readonly metadata: k8s.types.input.meta.v1.ObjectMeta;
  readonly child: pulumi.CustomResourceOptions;
}

// A new version takes the place of the old one only once it answers.
const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };

/** @returns the name of the Service */
function deploy(served: Served): pulumi.Output<string> {
  const { name, args, selector, metadata, child } = served;
  const deployment = new k8s.apps.v1.Deployment(
    name,
    {
      metadata,
      spec: {
        replicas: args.size.replicas,
        selector: { matchLabels: selector },
        strategy,
        progressDeadlineSeconds: args.timeoutSeconds,
        template: {
          metadata: { labels: podLabels(served) },
          spec: teamPodSpec(name, args, answering(args)),
        },
      },
    },
    { ...child, dependsOn: [...args.account.ready, ...(args.after ?? [])] },
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
  return service.metadata.name;
}

/** @returns the name of the Service that KServe makes */
function inferenceService(
  served: Served,
  kserve: pulumi.Input<pulumi.Resource[]>,
): pulumi.Output<string> {
  const { name, args, metadata, child } = served;
  const { replicas } = args.size;
  const { containers, ...pod } = teamPodSpec(
    predictorContainer,
    args,
    answering(args),
  );
  const service = new InferenceService(
    name,
    {
      metadata: {
        ...metadata,
        annotations: {
          "pulumi.com/waitFor": "condition=Ready",
          // A fixed number of replicas; an autoscaler would need metrics of the pods.
          "serving.kserve.io/autoscalerClass": "none",
        },
      },
      spec: {
        predictor: {
          labels: podLabels(served),
          minReplicas: replicas,
          maxReplicas: replicas,
          deploymentStrategy: strategy,
          ...withoutEmpty(pod),
          containers: pulumi
            .output(containers)
            .apply((all) => all.map(withoutEmpty)),
        },
      },
    },
    {
      ...child,
      dependsOn: pulumi
        .output(kserve)
        .apply((installed) => [
          ...installed,
          ...args.account.ready,
          ...(args.after ?? []),
        ]),
    },
  );
  return service.metadata.name.apply(predictorService);
}

function podLabels({ args, selector }: Served) {
  return { ...args.account.identity.podLabels, ...args.podLabels, ...selector };
}

/** Without lists that are empty: KServe's webhook drops them, and each preview would show them as added. */
function withoutEmpty<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => !Array.isArray(value) || value.length > 0,
    ),
  ) as Fields;
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
