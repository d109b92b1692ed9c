import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import {
  chartArchive,
  chartReference,
  repositoryOf,
  type ChartPin,
} from "../../infra/charts/chart-source";
import { kubernetesPatch } from "../../infra/versions";
import { onCluster, type Transformation } from "./kustomization";

/** A chart release: source, version, values and namespace. */
export interface ChartObjectsArgs {
  readonly pin: ChartPin;
  /** Mirror of the public sources: see {@link chartArchive}. */
  readonly source?: string;
  readonly namespace: string;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly transformations?: readonly Transformation[];
  readonly cluster: k8s.Provider;
  /** Resources to create before any of its objects. */
  readonly after?: pulumi.Input<pulumi.Resource[]>;
}

/**
 * The objects of a pinned chart one by one, as they stand there but for the transformations: for a chart that cannot be
 * installed as a release, or whose values leave open what must be changed.
 */
export class ChartObjects extends k8s.helm.v3.Chart {
  /** @param reader where the chart is rendered: see {@link manifestReader} */
  constructor(
    name: string,
    args: ChartObjectsArgs,
    {
      reader,
      ...opts
    }: pulumi.ComponentResourceOptions & { readonly reader: k8s.Provider },
  ) {
    const archive = chartArchive(args.pin, args.source);
    const { chart, version } = chartReference(args.pin);
    super(
      name,
      {
        ...(archive === undefined
          ? { chart, version, fetchOpts: repositoryOf(args.pin) }
          : { path: archive }),
        namespace: args.namespace,
        // Charts that are rendered without a cluster get Helm's own default otherwise, Kubernetes 1.20.
        kubeVersion: kubernetesPatch,
        values: args.values,
        transformations: [
          ...(args.transformations ?? []),
          onCluster(args.cluster, args.after),
        ],
      },
      { ...opts, provider: reader },
    );
  }
}
