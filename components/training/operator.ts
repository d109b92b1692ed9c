import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../infra/platform";
import {
  kubeflowNamespace,
  makeKubeflowNamespace,
  omitKubeflowNamespace,
} from "../kubeflow/namespace";
import {
  Kustomization,
  omit,
  transform,
  withoutDescriptions,
} from "../manifests/kustomization";
import { isolate, toPlatform, webhook } from "../network-policy";
import { metrics } from "../observability/namespace";
import { manifests } from "../versions";

/** The Kubeflow training operator: TFJobs, PyTorchJobs and XGBoostJobs in every namespace. */
export class TrainingOperator extends pulumi.ComponentResource {
  /** Depend on it to use the operator's kinds. */
  readonly installed: pulumi.Output<pulumi.Resource[]>;

  constructor(
    name: string,
    args: {
      readonly platform: Platform;
      /** Provider that reads the manifests: see `manifestReader`. */
      readonly reader: k8s.Provider;
      /** Mirror of the public repositories: a folder, or a folder of a git repository. */
      readonly source?: string;
    },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:TrainingOperator", name, {}, opts);
    const { provider } = args.platform;
    const namespace = makeKubeflowNamespace(name, {
      parent: this,
      provider,
      // The namespace used to belong to the kustomization. Recreating it would delete a running operator.
      aliases: [
        {
          name: `${name}-${kubeflowNamespace}`,
          parent: pulumi.createUrn(
            `${name}-${name}`,
            "kubernetes:kustomize:Directory",
            this.urn,
          ),
        },
      ],
    });
    isolate(
      name,
      {
        namespace: namespace.metadata.name,
        // Pipelines may run beside it.
        pods: { "control-plane": "kubeflow-training-operator" },
        ingress: [webhook(9443), metrics(8080)],
        egress: toPlatform(args.platform.clusterNetwork),
      },
      { parent: this, provider },
    );
    const operator = new Kustomization(
      name,
      {
        pin: manifests.trainingOperator,
        source: args.source,
        transformations: [
          omitKubeflowNamespace,
          omit(({ kind, metadata }) =>
            kind === "CustomResourceDefinition"
              ? !kinds.some((name) => metadata.name.startsWith(`${name}s.`))
              : false,
          ),
          withoutDescriptions,
          transform("Deployment", "training-operator", tuned),
        ],
        cluster: provider,
        after: [namespace],
      },
      { parent: this, reader: args.reader },
    );
    this.installed = operator.installed;
    this.registerOutputs();
  }
}

/** Kinds that the workloads use; the operator knows three more (MPI, JAX, Paddle). */
const kinds = ["tfjob", "pytorchjob", "xgboostjob"];

interface DeploymentSpec {
  readonly template: {
    readonly spec: { readonly containers: readonly object[] };
  };
}

/** The operator's Deployment as we run it. */
function tuned(spec: DeploymentSpec): DeploymentSpec {
  return {
    ...spec,
    template: {
      ...spec.template,
      spec: {
        ...spec.template.spec,
        containers: spec.template.spec.containers.map((container) => ({
          ...container,
          // The init container that PyTorch workers are given waits for their master's name: it pulls an image of
          // its own, may run as root, and so is refused in a team's namespace. Our trainers wait by themselves;
          // a template without text makes none.
          args: [
            "--pytorch-init-container-template-file=/dev/null",
            ...kinds.map((kind) => `--enable-scheme=${kind}`),
          ],
          resources: {
            requests: { cpu: "20m", memory: "128Mi" },
            limits: { memory: "512Mi" },
          },
          // Ready once its certificate is there, about 3 s after the start; the manifest's own probe first asks
          // after 10 s and then every 15.
          readinessProbe: {
            httpGet: { path: "/readyz", port: 8081 },
            initialDelaySeconds: 1,
            periodSeconds: 1,
            timeoutSeconds: 3,
          },
        })),
      },
    },
  };
}
