import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Identity, IdentityArgs } from "../../infra/platform";
import { type CompiledPipeline, contentHash } from "./compiled-pipeline";
import { endOf, type JobEnd } from "../jobs/job-end";
import { Pipeline, PipelineVersion } from "../kinds/pipeline";
import { kubeflowNamespace } from "../kubeflow/namespace";
import { egressOnly, toDestination } from "../network-policy";
import { apiGroup } from "../teams/members";
import {
  type PipelineRunArgs,
  runnerJob,
  sparkSubmitter,
} from "./pipeline-run";

/** A pipeline that Kubeflow Pipelines keeps and runs. */
export interface KubeflowPipelineArgs extends Omit<PipelineRunArgs, "cache"> {
  /** Bucket grants of the steps' pods. */
  readonly grants: IdentityArgs["grants"];
  /** Kubeflow Pipelines, with its kinds. */
  readonly installed: pulumi.Input<pulumi.Resource[]>;
  /** Cron line of five fields; not run again unless given. */
  readonly schedule?: string;
  /** URI of the record that a run that succeeded leaves, where it leaves one. */
  readonly record?: pulumi.Input<string>;
}

/** Address of Kubeflow Pipelines' API inside the cluster. */
const apiPort = 8888;
const host = `http://ml-pipeline.${kubeflowNamespace}.svc:${apiPort}`;

/**
 * A pipeline and its version as Kubernetes objects, named by content, in the namespace of Kubeflow Pipelines, which
 * runs its steps there; and a Job that has it run now, sets its schedule, and follows the run to its end.
 */
export class KubeflowPipeline extends pulumi.ComponentResource {
  readonly end: JobEnd;

  constructor(
    name: string,
    private readonly args: KubeflowPipelineArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:KubeflowPipeline", name, {}, opts);
    const { platform, team } = args;
    const { placement } = args.pool;
    const child = { parent: this, provider: platform.provider };
    const installed = pulumi.output(args.installed);
    const steps = this.stepAccount(`${name}-steps`, name, installed);
    const pipeline = new Pipeline(
      name,
      {
        metadata: { name, namespace: kubeflowNamespace },
        spec: { displayName: name },
      },
      { ...child, dependsOn: installed },
    );
    const content = pulumi
      .all([args.pipeline, steps.identity.env, steps.identity.podLabels])
      .apply(([spec, env, labels]) => ({
        pipelineSpec: withVariables(spec, env),
        platformSpec: platformSpec(spec, { env, labels, placement }),
      }));
    const version = content.apply(contentHash);
    const uploaded = new PipelineVersion(
      name,
      {
        metadata: {
          name: pulumi.interpolate`${name}-${version}`,
          namespace: kubeflowNamespace,
        },
        spec: {
          pipelineName: name,
          pipelineSpec: content.pipelineSpec,
          platformSpec: content.platformSpec,
        },
      },
      { ...child, dependsOn: [pipeline] },
    );
    const way = new k8s.networking.v1.NetworkPolicy(
      `${name}-submit`,
      {
        metadata: { namespace: team.namespace, name: `${name}-submit` },
        spec: egressOnly([
          toDestination({ namespace: kubeflowNamespace, ports: [apiPort] }),
        ]),
      },
      child,
    );
    const uid = (object: k8s.apiextensions.CustomResource) =>
      object.metadata.apply((metadata) => metadata.uid ?? "");
    const job = runnerJob(
      name,
      {
        ...args,
        command: [
          "python3",
          "-m",
          "mlstack_pipelines.submit",
          `--name=${name}`,
          `--host=${host}`,
          pulumi.interpolate`--pipeline-id=${uid(pipeline)}`,
          pulumi.interpolate`--version-id=${uid(uploaded)}`,
          `--service-account=${name}`,
          ...(args.record === undefined
            ? []
            : [pulumi.interpolate`--record=${args.record}`]),
          `--timeout=${args.timeoutSeconds}`,
          ...(args.schedule === undefined
            ? []
            : [`--schedule=${args.schedule}`]),
        ],
        version,
      },
      {
        ...child,
        dependsOn: [
          uploaded,
          way,
          ...args.account.ready,
          ...steps.ready,
          ...args.after,
        ],
      },
    );
    this.end = endOf(name, job, args, { parent: this });
    this.registerOutputs();
  }

  /** The account of the steps' pods: the grants, what KFP's own pods need, and trainings in the team's namespace. */
  private stepAccount(
    resource: string,
    name: string,
    installed: pulumi.Output<pulumi.Resource[]>,
  ): { readonly identity: Identity; readonly ready: pulumi.Resource[] } {
    const { platform, team, grants } = this.args;
    const child = { parent: this, provider: platform.provider };
    const identity = platform.identity(
      resource,
      { serviceAccount: { namespace: kubeflowNamespace, name }, grants },
      { parent: this, dependsOn: installed },
    );
    const account = new k8s.core.v1.ServiceAccount(
      resource,
      {
        metadata: {
          name,
          namespace: kubeflowNamespace,
          annotations: identity.annotations,
        },
        imagePullSecrets: identity.imagePullSecrets?.map((secret) => ({
          name: secret,
        })),
      },
      { ...child, dependsOn: installed },
    );
    const subject = { namespace: kubeflowNamespace, name };
    const runner = new k8s.rbac.v1.RoleBinding(
      resource,
      {
        metadata: { name, namespace: kubeflowNamespace },
        roleRef: {
          apiGroup,
          kind: "Role",
          // Comes with Kubeflow Pipelines, for the pods of every pipeline.
          name: "pipeline-runner",
        },
        subjects: [{ kind: "ServiceAccount", ...subject }],
      },
      { ...child, dependsOn: installed },
    );
    const submitter = sparkSubmitter(
      name,
      { namespace: team.namespace, subject, runs: this.args.submits },
      child,
    );
    return {
      identity,
      ready: [
        ...identity.ready,
        ...[account, runner, ...submitter],
        ...(identity.admitted?.(account) ?? []),
      ],
    };
  }
}

type Variables = pulumi.Unwrap<Identity["env"]>;

/** The pipeline with the variables of an identity that are no secrets, in every step. */
function withVariables(
  pipeline: CompiledPipeline,
  env: Variables,
): CompiledPipeline {
  const plain = env.flatMap(({ name, value }) =>
    value === undefined ? [] : [{ name, value }],
  );
  const executors = Object.entries(pipeline.deploymentSpec.executors).map(
    ([label, { container }]) =>
      [label, { container: { ...container, env: plain } }] as const,
  );
  return {
    ...pipeline,
    deploymentSpec: {
      ...pipeline.deploymentSpec,
      executors: Object.fromEntries(executors),
    },
  };
}

/** Pods of the steps, in the terms of KFP's platform for Kubernetes (kubernetes_executor_config.proto). */
function platformSpec(
  pipeline: CompiledPipeline,
  pod: {
    readonly env: Variables;
    readonly labels: Readonly<Record<string, string>>;
    readonly placement: PipelineRunArgs["pool"]["placement"];
  },
): object {
  const secretAsEnv = pod.env.flatMap(({ name, valueFrom }) => {
    const secret = valueFrom?.secretKeyRef;
    if (secret?.name === undefined || secret.key === undefined) return [];
    return [
      {
        secretNameParameter: { runtimeValue: { constant: secret.name } },
        keyToEnv: [{ secretKey: secret.key, envVar: name }],
      },
    ];
  });
  const config = {
    secretAsEnv,
    podMetadata: { labels: pod.labels },
    nodeSelector: { labels: pod.placement.nodeSelector },
    tolerations: pod.placement.tolerations,
  };
  const executors = Object.keys(pipeline.deploymentSpec.executors).map(
    (label) => [label, config] as const,
  );
  return {
    platforms: {
      kubernetes: {
        deploymentSpec: { executors: Object.fromEntries(executors) },
      },
    },
  };
}
