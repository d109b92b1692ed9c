import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { PlacedPool, Platform } from "../../infra/platform";
import { endOf, type JobEnd } from "../jobs/job-end";
import { PyTorchJob } from "../kinds/pytorch-job";
import { TFJob } from "../kinds/tf-job";
import type { ReplicaSpec, RunPolicy } from "../kinds/training";
import { XGBoostJob } from "../kinds/xgboost-job";
import { runOptions } from "../jobs/run-options";
import {
  containerSecurity,
  podSecurity,
  workloadUser,
} from "../pods/restricted-pod";
import type { Team, TeamAccount } from "../teams/team";
import { threads, type TrainingJobSize } from "./job-size";

/** Frameworks whose jobs the training operator runs. */
export type TrainingFramework = "pytorch" | "tensorflow" | "xgboost";

/** Arguments of {@link TrainingJob}. */
export interface TrainingJobArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  readonly framework: TrainingFramework;
  readonly image: pulumi.Input<string>;
  readonly command: readonly string[];
  readonly arguments: readonly pulumi.Input<string>[];
  readonly size: TrainingJobSize;
  /** Seconds after which a job that has not ended counts as failed. */
  readonly timeoutSeconds: number;
  /** More of the containers' environment. */
  readonly env?: readonly k8s.types.input.core.v1.EnvVar[];
  /** Size of /dev/shm of each replica, as a quantity. */
  readonly sharedMemory: string;
  /** Number of restarts by the operator after a failure; the operator's default unless given. */
  readonly retries?: number;
  /** Labels of the training job's object. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Labels of the pods. */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** Input whose change starts a new run; the job's specification unless given. */
  readonly declaration?: pulumi.Input<object>;
  /** Resources that must exist or have finished before the training starts. */
  readonly after?: pulumi.Input<pulumi.Resource[]>;
}

/** A training on several machines through the training operator; the program waits for its end and fails with it. */
export class TrainingJob extends pulumi.ComponentResource {
  readonly end: JobEnd;

  constructor(
    name: string,
    args: TrainingJobArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:TrainingJob", name, {}, opts);
    const job = submitTraining(name, args, { parent: this });
    this.end = endOf(name, job, args, { parent: this });
    this.registerOutputs();
  }
}

/** A run of a training, whose end nobody awaits. */
export function submitTraining(
  name: string,
  args: TrainingJobArgs,
  options: pulumi.CustomResourceOptions,
): k8s.apiextensions.CustomResource {
  const { labels, annotations } = args;
  const metadata = {
    name,
    namespace: args.team.namespace,
    labels,
    annotations,
  };
  const opts = {
    ...options,
    provider: args.platform.provider,
    dependsOn: pulumi
      .output(args.after ?? [])
      .apply((after) => [...args.account.ready, ...after]),
  };
  const run = (spec: object) => runOptions(args.declaration ?? spec, opts);
  const runPolicy: RunPolicy = {
    // Pods that have ended stay, with their logs and termination messages.
    cleanPodPolicy: "Running",
    activeDeadlineSeconds: args.timeoutSeconds,
    ...(args.retries === undefined ? {} : { backoffLimit: args.retries }),
  };
  const first = replicas(args, 1);
  const others =
    args.size.workers > 0 ? replicas(args, args.size.workers) : undefined;
  switch (args.framework) {
    case "pytorch": {
      const pytorchReplicaSpecs = { Master: first, Worker: others };
      const spec = { runPolicy, pytorchReplicaSpecs };
      return new PyTorchJob(name, { metadata, spec }, run(spec));
    }
    case "xgboost": {
      const xgbReplicaSpecs = { Master: first, Worker: others };
      const spec = { runPolicy, xgbReplicaSpecs };
      return new XGBoostJob(name, { metadata, spec }, run(spec));
    }
    case "tensorflow": {
      const tfReplicaSpecs = { Chief: first, Worker: others };
      const spec = { runPolicy, tfReplicaSpecs };
      return new TFJob(name, { metadata, spec }, run(spec));
    }
  }
}

function replicas(args: TrainingJobArgs, count: number): ReplicaSpec {
  return {
    replicas: count,
    // By any other, a pod that is gone with its node ends an XGBoostJob. From 128 on a code means "again", as a kill's
    // does; the trainer counts how often, since the operator counts no pods, only containers that restarted in one.
    restartPolicy: "ExitCode",
    template: {
      metadata: {
        labels: { ...args.account.identity.podLabels, ...args.podLabels },
        // With Istio, a sidecar would intercept the traffic between replicas, and outlive them.
        annotations: { "sidecar.istio.io/inject": "false" },
      },
      spec: {
        serviceAccountName: args.account.name,
        nodeSelector: args.pool.placement.nodeSelector,
        tolerations: [...args.pool.placement.tolerations],
        securityContext: podSecurity(workloadUser),
        containers: [container(args)],
        volumes: [memoryVolume(args.sharedMemory)],
      },
    },
  };
}

function container(args: TrainingJobArgs): k8s.types.input.core.v1.Container {
  const { cpu, memory, gpus } = args.size;
  const gpu =
    gpus > 0 && args.pool.gpuResource !== undefined
      ? { [args.pool.gpuResource]: String(gpus) }
      : {};
  return {
    // The name by which the operator knows the container among others, as it does the port.
    name: args.framework,
    image: args.image,
    imagePullPolicy: "IfNotPresent",
    command: [...args.command],
    args: [...args.arguments],
    ports: [ports[args.framework]],
    env: [
      ...args.account.identity.env,
      // Frameworks start as many threads as the machine has cores, whatever the pod may use of them.
      { name: "OMP_NUM_THREADS", value: String(threads(args.size)) },
      ...(args.env ?? []),
    ],
    resources: {
      requests: { cpu, memory, ...gpu },
      limits: { memory, ...gpu },
    },
    volumeMounts: [{ name: sharedMemoryName, mountPath: "/dev/shm" }],
    securityContext: containerSecurity,
  };
}

const sharedMemoryName = "shared-memory";

/** Loaders of data and collectives of one node exchange through it; Kubernetes' own has 64 MiB. */
function memoryVolume(sizeLimit: string): k8s.types.input.core.v1.Volume {
  return { name: sharedMemoryName, emptyDir: { medium: "Memory", sizeLimit } };
}

const ports: Readonly<
  Record<TrainingFramework, k8s.types.input.core.v1.ContainerPort>
> = {
  pytorch: { name: "pytorchjob-port", containerPort: 23456 },
  tensorflow: { name: "tfjob-port", containerPort: 2222 },
  xgboost: { name: "xgboostjob-port", containerPort: 9999 },
};
