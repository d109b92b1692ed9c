import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../infra/platform";
import {
  Kustomization,
  type Transformation,
  withoutDescriptions,
} from "../manifests/kustomization";
import { manifests } from "../versions";
import type { KubeflowConfig } from "./config";
import { Istio } from "./istio";
import { narrowRoles } from "./narrow-roles";
import { allPods, egressOnly, toData, toOutside } from "../network-policy";
import {
  kubeflowNamespace,
  makeKubeflowNamespace,
  omitKubeflowNamespace,
} from "./namespace";

/** Arguments of {@link Kubeflow}. */
export interface KubeflowArgs {
  readonly platform: Platform;
  readonly config: KubeflowConfig;
  /** Provider that reads the manifests: see `manifestReader`. */
  readonly reader: k8s.Provider;
  /** Certificates of the webhooks; must be there first. */
  readonly certManager: pulumi.Resource;
  /** The training operator, where the stack has it: it brings the namespace. */
  readonly trainingOperator?: pulumi.Input<pulumi.Resource[]>;
}

/** Parts of Kubeflow from their own manifests, each by itself: pipelines, notebooks, profiles and the dashboard. */
export class Kubeflow extends pulumi.ComponentResource {
  /** Depend on them to use the kinds of a part; a part that is not installed is not there. */
  readonly installed: Readonly<
    Partial<Record<Part, pulumi.Output<pulumi.Resource[]>>>
  >;
  private readonly first: pulumi.Input<pulumi.Resource>[];

  constructor(
    name: string,
    private readonly args: KubeflowArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:Kubeflow", name, {}, opts);
    this.first = [args.certManager];
    if (args.trainingOperator === undefined) {
      this.first.push(
        makeKubeflowNamespace(name, {
          parent: this,
          provider: args.platform.provider,
        }),
      );
    }
    this.closeNodes(`${name}-egress`);
    const { config } = args;
    const istio = config.profiles
      ? [
          new Istio(
            `${name}-istio`,
            { platform: args.platform, source: config.source },
            { parent: this },
          ).installed,
        ]
      : [];
    const installed: Partial<Record<Part, pulumi.Output<pulumi.Resource[]>>> =
      {};
    if (config.pipelines) {
      // Definitions of kinds first: objects of them are in the other folder.
      const kinds = this.install(`${name}-pipeline-kinds`, "pipelineKinds", []);
      installed.pipelines = this.install(
        `${name}-pipelines`,
        "pipelines",
        kinds,
      );
    }
    if (config.notebooks) {
      installed.notebooks = this.install(
        `${name}-notebooks`,
        "notebooks",
        istio,
        notebookSettings(config),
      );
    }
    if (config.profiles) {
      // The roles of owners and members of profiles; the controller only binds them.
      const roles = this.install(`${name}-roles`, "kubeflowRoles", []);
      installed.profiles = this.install(
        `${name}-profiles`,
        "profiles",
        roles.apply((objects) => [...istio, ...objects]),
      );
    }
    if (config.dashboard) {
      installed.dashboard = this.install(
        `${name}-dashboard`,
        "dashboard",
        installed.profiles ?? [],
      );
    }
    this.installed = installed;
    this.registerOutputs();
  }

  /**
   * Pipelines and notebooks reach what they name, inside of the cluster and outside of it, and no node. The training
   * operator, which may lie beside them, has a policy of its own.
   */
  private closeNodes(name: string): void {
    const { provider, clusterNetwork } = this.args.platform;
    new k8s.networking.v1.NetworkPolicy(
      name,
      {
        metadata: { namespace: kubeflowNamespace, name: "egress" },
        spec: {
          ...egressOnly([
            ...toData(clusterNetwork),
            { to: [allPods] },
            toOutside(clusterNetwork),
          ]),
          podSelector: {
            matchExpressions: [
              {
                key: "control-plane",
                operator: "NotIn",
                values: ["kubeflow-training-operator"],
              },
            ],
          },
        },
      },
      {
        parent: this,
        provider,
        dependsOn: pulumi
          .all([this.first, this.args.trainingOperator ?? []])
          .apply((groups) => groups.flat()),
      },
    );
  }

  private install(
    name: string,
    pin: Exclude<keyof typeof manifests, "trainingOperator">,
    after: pulumi.Input<pulumi.Resource[]> | pulumi.Resource[],
    ...transformations: readonly Transformation[]
  ): pulumi.Output<pulumi.Resource[]> {
    const { platform, config, reader, trainingOperator } = this.args;
    return new Kustomization(
      name,
      {
        pin: manifests[pin],
        source: config.source,
        transformations: [
          omitKubeflowNamespace,
          withoutDescriptions,
          narrowRoles,
          ...transformations,
        ],
        cluster: platform.provider,
        after: pulumi
          .all([this.first, after, trainingOperator ?? []])
          .apply((groups) => groups.flat()),
      },
      { parent: this, reader },
    ).installed;
  }
}

/** Parts that can be depended on. */
export type Part = "pipelines" | "notebooks" | "profiles" | "dashboard";

/** Whether a stack has any part that {@link Kubeflow} installs. */
export function hasKubeflow(config: KubeflowConfig): boolean {
  return (
    config.pipelines || config.notebooks || config.profiles || config.dashboard
  );
}

/** Settings of the notebook controller, in a ConfigMap whose name ends in the hash of its first content. */
function notebookSettings(config: KubeflowConfig): Transformation {
  return (object) => {
    const { kind, metadata, data } = object;
    if (
      kind !== "ConfigMap" ||
      !/^notebook-controller-config\b/.test(metadata.name)
    )
      return;
    object.data = {
      ...data,
      // Without Istio's kinds the controller could not write its routes, and would make no notebook.
      USE_ISTIO: String(config.profiles),
      ENABLE_CULLING: "true",
      CULL_IDLE_TIME: String(config.notebookIdleMinutes),
    };
  };
}
