import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { PlacedPool, Platform } from "../../infra/platform";
import { accountRights, type AccountRightsArgs } from "../teams/account-rights";
import {
  type CompiledPipeline,
  contentHash,
  type ParameterValue,
} from "./compiled-pipeline";
import { endOf, type JobEnd } from "../jobs/job-end";
import { versionLabel } from "./labels";
import {
  runOptions,
  staysOnItsNode,
  withoutAwaitingTheEnd,
} from "../jobs/run-options";
import {
  containerSecurity,
  podSecurity,
  workloadUser,
} from "../pods/restricted-pod";
import { submissionRules, type SubmittedRun } from "../spark/mounts";
import type { Team, TeamAccount } from "../teams/team";

/** A pipeline that a Job runs. */
export interface PipelineRunArgs {
  readonly platform: Platform;
  readonly team: Team;
  readonly account: TeamAccount;
  readonly pool: PlacedPool;
  /** Has KFP's local runner, and every package that a step needs. */
  readonly image: pulumi.Input<string>;
  readonly pipeline: pulumi.Input<CompiledPipeline>;
  /** URI of the folder that keeps the outputs of steps. */
  readonly cache: pulumi.Input<string>;
  /** Arguments of this run; the pipeline's defaults unless given. */
  readonly arguments: Readonly<Record<string, pulumi.Input<ParameterValue>>>;
  /** Spark jobs that its steps submit. */
  readonly submits: readonly SubmittedRun[];
  readonly size: { readonly cpu: string; readonly memory: string };
  /** Seconds after which a run that has not ended counts as failed. */
  readonly timeoutSeconds: number;
  /** Labels of the run's object. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Labels of the pods in the team's namespace. */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** Input whose change starts a new run; the job's specification and the pipeline unless given. */
  readonly declaration?: pulumi.Input<object>;
  readonly after: readonly pulumi.Resource[];
}

/** Exit code of a run that would end the same way in another pod; see `mlstack_pipelines/run.py`. */
const refused = 3;

const pipelineFolder = "/etc/pipeline";
const pipelineFile = "pipeline.yaml";

/**
 * A run of a compiled pipeline with KFP's own local runner in a Job, where there is no Kubeflow Pipelines. A pod that
 * ends half-way is followed by another, which goes on behind the last step that ended.
 */
export class PipelineRun extends pulumi.ComponentResource {
  readonly end: JobEnd;

  constructor(
    name: string,
    args: PipelineRunArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:PipelineRun", name, {}, opts);
    const { namespace } = args.team;
    const child = { parent: this, provider: args.platform.provider };
    const rights = sparkSubmitter(
      name,
      {
        namespace,
        subject: { namespace, name: args.account.name },
        runs: args.submits,
      },
      child,
    );
    const version = pulumi.output(args.pipeline).apply(contentHash);
    const file = new k8s.core.v1.ConfigMap(
      name,
      {
        metadata: {
          name: pulumi.interpolate`${name}-${version}`,
          namespace,
          labels: { [versionLabel]: version },
        },
        immutable: true,
        // JSON is YAML as well.
        data: { [pipelineFile]: pulumi.jsonStringify(args.pipeline) },
      },
      { ...child, dependsOn: [...args.account.ready] },
    );
    const job = runnerJob(
      name,
      {
        ...args,
        command: [
          "python3",
          "-m",
          "mlstack_pipelines.run",
          `--name=${name}`,
          `--pipeline=${pipelineFolder}/${pipelineFile}`,
          pulumi.interpolate`--cache=${args.cache}`,
        ],
        version,
        file: file.metadata.name,
      },
      {
        ...child,
        dependsOn: [...args.account.ready, ...rights, ...args.after],
      },
    );
    this.end = endOf(name, job, args, { parent: this });
    this.registerOutputs();
  }
}

/** The right to run Spark jobs in a namespace and to see how their drivers ended, for one service account; none without jobs. */
export function sparkSubmitter(
  name: string,
  {
    runs,
    ...args
  }: Omit<AccountRightsArgs, "rules"> & {
    readonly runs: readonly SubmittedRun[];
  },
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  if (runs.length === 0) return [];
  return accountRights(
    name,
    {
      ...args,
      rules: [
        ...submissionRules(runs),
        {
          apiGroups: ["sparkoperator.k8s.io"],
          resources: ["sparkapplications"],
          verbs: ["create", "get", "delete"],
        },
        { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
      ],
    },
    opts,
  );
}

/** A Job that runs a pipeline, or has it run; another version or other arguments are another Job. */
export function runnerJob(
  name: string,
  args: Omit<PipelineRunArgs, "cache" | "pipeline"> & {
    readonly command: readonly pulumi.Input<string>[];
    /** Name of the pipeline's content. */
    readonly version: pulumi.Input<string>;
    /** Name of the ConfigMap that holds the pipeline, where the Job reads it. */
    readonly file?: pulumi.Input<string>;
  },
  opts: pulumi.CustomResourceOptions,
): k8s.batch.v1.Job {
  const spec: k8s.types.input.batch.v1.JobSpec = {
    backoffLimit: 3,
    activeDeadlineSeconds: args.timeoutSeconds,
    podFailurePolicy: {
      rules: [
        {
          action: "FailJob",
          onExitCodes: {
            containerName: name,
            operator: "In",
            values: [refused],
          },
        },
      ],
    },
    template: {
      metadata: {
        labels: { ...args.account.identity.podLabels, ...args.podLabels },
        // With Istio, a sidecar would outlive the run, and the Job would never end.
        annotations: { "sidecar.istio.io/inject": "false", ...staysOnItsNode },
      },
      spec: {
        restartPolicy: "Never",
        serviceAccountName: args.account.name,
        // It submits SparkApplications.
        automountServiceAccountToken: true,
        nodeSelector: args.pool.placement.nodeSelector,
        tolerations: [...args.pool.placement.tolerations],
        securityContext: podSecurity(workloadUser),
        containers: [container(name, args)],
        volumes:
          args.file === undefined
            ? []
            : [{ name: "pipeline", configMap: { name: args.file } }],
      },
    },
  };
  return new k8s.batch.v1.Job(
    name,
    {
      metadata: {
        name,
        namespace: args.team.namespace,
        labels: { ...args.labels, [versionLabel]: args.version },
        annotations: { ...args.annotations, ...withoutAwaitingTheEnd },
      },
      spec,
    },
    runOptions(args.declaration ?? { spec, version: args.version }, opts),
  );
}

function container(
  name: string,
  args: Parameters<typeof runnerJob>[1],
): k8s.types.input.core.v1.Container {
  const given = Object.entries(args.arguments).map(([argument, value]) =>
    pulumi
      .output(value)
      .apply((known) => `--argument=${argument}=${JSON.stringify(known)}`),
  );
  return {
    name,
    image: args.image,
    args: [...args.command, ...given],
    env: [...args.account.identity.env],
    resources: {
      requests: { ...args.size },
      limits: { memory: args.size.memory },
    },
    volumeMounts:
      args.file === undefined
        ? []
        : [{ name: "pipeline", mountPath: pipelineFolder, readOnly: true }],
    securityContext: containerSecurity,
  };
}
