import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import {
  manifestDirectory,
  type ManifestPin,
} from "../../infra/charts/chart-source";

/** An object of a kustomization, as a transformation sees it. */
export interface ManifestObject {
  apiVersion: string;
  kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  spec?: unknown;
  /** Rules of a role. */
  rules?: readonly {
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly verbs: readonly string[];
  }[];
  /** Data of a ConfigMap or a Secret. */
  data?: Readonly<Record<string, string>>;
}

/** Changes an object of a kustomization in place, before it is applied. */
export type Transformation = (object: ManifestObject) => void;

/** A kustomization: source, version and namespace. */
export interface KustomizationArgs {
  readonly pin: ManifestPin;
  /** Mirror of the public repositories: a folder, or a folder of a git repository. */
  readonly source?: string;
  readonly transformations?: readonly Transformation[];
  readonly cluster: k8s.Provider;
  /** Resources to create before any of its objects. */
  readonly after?: pulumi.Input<pulumi.Resource[]>;
}

/** The objects of a pinned kustomization, applied as they stand there but for the transformations. */
export class Kustomization extends k8s.kustomize.Directory {
  /** Its objects. The class below declares a `ready` as well, and sets none. */
  readonly installed: pulumi.Output<pulumi.Resource[]>;

  /** @param reader where the manifests are read: see {@link manifestReader} */
  constructor(
    name: string,
    args: KustomizationArgs,
    {
      reader,
      ...opts
    }: pulumi.ComponentResourceOptions & {
      readonly reader: k8s.Provider;
    },
  ) {
    super(
      name,
      {
        directory: manifestDirectory(args.pin, args.source),
        resourcePrefix: name,
        transformations: [
          ...(args.transformations ?? []),
          onCluster(args.cluster, args.after),
        ],
      },
      { ...opts, provider: reader },
    );
    this.installed = this.resources.apply((objects) => Object.values(objects));
  }
}

/**
 * Reads manifests, and reaches no cluster. The engine asks nothing of a provider whose configuration is not known yet;
 * this one's is, so that the first preview shows every object although the cluster is not there.
 */
export function manifestReader(
  name: string,
  opts: pulumi.CustomResourceOptions,
): k8s.Provider {
  const cluster = { name, cluster: { server: "https://127.0.0.1:1" } };
  const context = { name, context: { cluster: name, user: name } };
  return new k8s.Provider(
    name,
    {
      kubeconfig: JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [cluster],
        contexts: [context],
        users: [{ name, user: {} }],
        "current-context": name,
      }),
    },
    opts,
  );
}

/** Sends the objects to a cluster: they would else go where the manifests are read, and wait for nothing. */
export function onCluster(
  cluster: k8s.Provider,
  after?: pulumi.Input<pulumi.Resource[]>,
) {
  return (object: ManifestObject, child: pulumi.CustomResourceOptions) => {
    child.provider = cluster;
    child.dependsOn = after;
    // A Secret without content is filled in by the controller that it is for. One with an empty `data` is read as one
    // that lost its content, and replaced.
    if (
      object.kind === "Secret" &&
      Object.keys(object.data ?? {}).length === 0
    ) {
      delete object.data;
      child.ignoreChanges = ["data"];
    }
  };
}

/** A transformation of the one object of a kind and name. */
export function transform<Spec extends object>(
  kind: string,
  name: string,
  change: (spec: Spec) => Spec,
): Transformation {
  return (object) => {
    if (object.kind === kind && object.metadata.name === name) {
      object.spec = change(object.spec as Spec);
    }
  };
}

/** Leaves out objects that are not wanted: the provider skips an empty list. */
export function omit(
  unwanted: (object: ManifestObject) => boolean,
): Transformation {
  return (object) => {
    if (!unwanted(object)) return;
    object.apiVersion = "v1";
    object.kind = "List";
  };
}

/**
 * Takes the descriptions out of the schemas of custom kinds. They are three quarters of a kind that has pod templates
 * in it, which otherwise travels from here to the engine, to the state and to the API server at every run.
 */
export const withoutDescriptions: Transformation = (object) => {
  if (object.kind !== "CustomResourceDefinition") return;
  object.spec = undescribed(object.spec, "schema");
};

function undescribed(value: unknown, as: "schema" | "names"): unknown {
  if (Array.isArray(value)) return value.map((item) => undescribed(item, as));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key, item]) =>
          as === "names" || key !== "description" || typeof item !== "string",
      )
      .map(([key, item]) => [
        key,
        // A field may be called `description`; under `properties`, keys are names of fields.
        undescribed(
          item,
          as === "schema" && key === "properties" ? "names" : "schema",
        ),
      ]),
  );
}
