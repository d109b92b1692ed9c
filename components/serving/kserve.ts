import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { chartOfRelease } from "../../infra/charts/chart-source";
import type { Platform } from "../../infra/platform";
import { ChartObjects } from "../manifests/chart";
import {
  type ManifestObject,
  omit,
  type Transformation,
  transform,
} from "../manifests/kustomization";
import { restrictedNamespace } from "../guarded-namespace";
import { isolate, toPlatform, webhook } from "../network-policy";
import { readOnlySecurity } from "../pods/restricted-pod";
import { charts } from "../versions";

const namespaceName = "kserve";
const controller = "kserve-controller-manager";

/**
 * KServe in its raw mode, which makes Deployments and Services and needs neither Knative nor a gateway:
 * InferenceServices in every namespace.
 *
 * Its kinds are a release. The rest is none: its chart makes the serving runtimes right after the webhook that judges
 * them, whose server has not started by then (https://github.com/kserve/kserve/issues/5037).
 */
export class KServe extends pulumi.ComponentResource {
  /** Depend on it to use KServe's kinds. */
  readonly installed: pulumi.Output<pulumi.Resource[]>;

  constructor(
    name: string,
    args: {
      readonly platform: Platform;
      /** Provider that renders the charts: see `manifestReader`. */
      readonly reader: k8s.Provider;
      /** Certificates of the webhooks; must be there first. */
      readonly certManager: pulumi.Resource;
      /** Mirror of the public sources. */
      readonly source?: string;
    },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:KServe", name, {}, opts);
    const { provider } = args.platform;
    const namespace = restrictedNamespace(name, namespaceName, {
      parent: this,
      provider,
    });
    isolate(
      name,
      {
        namespace: namespace.metadata.name,
        ingress: [webhook(9443)],
        egress: toPlatform(args.platform.clusterNetwork),
      },
      { parent: this, provider },
    );
    const kinds = new k8s.helm.v3.Release(
      `${name}-kinds`,
      {
        name: "kserve-crd",
        ...chartOfRelease(charts.kserveKinds, args.source),
        namespace: namespace.metadata.name,
        atomic: true,
        timeout: 300,
      },
      { parent: this, provider },
    );
    const apply = (
      stage: string,
      transformations: readonly Transformation[],
      after: pulumi.Input<pulumi.Resource[]>,
    ) =>
      new ChartObjects(
        stage,
        {
          pin: charts.kserve,
          source: args.source,
          namespace: namespaceName,
          values,
          transformations,
          cluster: provider,
          after,
        },
        { parent: this, reader: args.reader },
      ).ready;
    const rights = apply(
      `${name}-rights`,
      [omit((object) => stageOf(object) !== "rights" || isForMetrics(object))],
      [kinds, args.certManager],
    );
    const server = apply(
      name,
      [
        omit((object) => stageOf(object) !== "server" || isForMetrics(object)),
        transform("Deployment", controller, tuned),
      ],
      rights,
    );
    const runtimes = apply(
      `${name}-runtimes`,
      [omit((object) => stageOf(object) !== "runtimes")],
      server,
    );
    this.installed = pulumi
      .all([rights, server, runtimes])
      .apply((groups) => groups.flat());
    this.registerOutputs();
  }
}

const values = {
  kserve: {
    controller: {
      deploymentMode: "RawDeployment",
      gateway: { disableIngressCreation: true },
    },
    // A predictor gets what its specification says, and no limit of CPU beside it.
    inferenceservice: {
      resources: {
        requests: { cpu: "", memory: "" },
        limits: { cpu: "", memory: "" },
      },
    },
  },
};

/**
 * Installation stage of an object. A controller without its rights or its configuration fails, and restarts with a
 * growing backoff; its webhook validates the runtimes.
 */
function stageOf({ kind }: ManifestObject): "rights" | "server" | "runtimes" {
  switch (kind) {
    case "Deployment":
    case "Service":
      return "server";
    case "ClusterServingRuntime":
    case "ClusterStorageContainer":
      return "runtimes";
    default:
      return "rights";
  }
}

/** The way to the controller's metrics, which nobody here asks for. */
function isForMetrics({ metadata: { name } }: ManifestObject): boolean {
  return (
    name === `${controller}-service` || name.startsWith("kserve-proxy-role")
  );
}

interface DeploymentSpec {
  readonly template: {
    readonly spec: {
      readonly securityContext?: object;
      readonly containers: readonly { readonly name: string }[];
    };
  };
}

/** The controller's Deployment as we run it: without the proxy before its metrics, which is an image of its own. */
function tuned(spec: DeploymentSpec): DeploymentSpec {
  const probe = (path: string) => ({
    httpGet: { path, port: 8081 },
    timeoutSeconds: 3,
  });
  return {
    ...spec,
    template: {
      ...spec.template,
      spec: {
        ...spec.template.spec,
        securityContext: {
          runAsNonRoot: true,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: spec.template.spec.containers
          .filter(({ name }) => name === "manager")
          .map((container) => ({
            ...container,
            securityContext: readOnlySecurity,
            resources: {
              requests: { cpu: "20m", memory: "128Mi" },
              limits: { memory: "512Mi" },
            },
            // Its webhook answers 2 s after the start; the chart first asks after 30.
            readinessProbe: {
              ...probe("/readyz"),
              initialDelaySeconds: 1,
              periodSeconds: 1,
            },
            livenessProbe: {
              ...probe("/healthz"),
              initialDelaySeconds: 30,
              failureThreshold: 5,
            },
          })),
      },
    },
  };
}
