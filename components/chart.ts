import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { onCluster, type Transformation } from "./kustomization";
import type { ChartPin } from "./versions";

/** What of a chart is applied, and where its objects go. */
export interface ChartObjectsArgs {
  readonly pin: ChartPin;
  /** Mirror of the public sources: see {@link chartArchive}. */
  readonly source?: string;
  readonly namespace: string;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly transformations?: readonly Transformation[];
  readonly cluster: k8s.Provider;
  /** What must be there before any of its objects. */
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

/** Where a release finds its chart: in the public repository, or in a folder that mirrors it. */
export function chartOfRelease(
  pin: ChartPin,
  source: string | undefined,
): Pick<k8s.helm.v3.ReleaseArgs, "chart" | "version" | "repositoryOpts"> {
  const archive = chartArchive(pin, source);
  return archive === undefined
    ? { ...chartReference(pin), repositoryOpts: repositoryOf(pin) }
    : { chart: archive };
}

/**
 * The chart in a mirror, as `helm pull` names it; nothing where the mirror is a git repository, which helm cannot read.
 */
function chartArchive(
  { chart, version }: ChartPin,
  source: string | undefined,
): string | undefined {
  return source === undefined || source.includes("://")
    ? undefined
    : `${source.replace(/\/+$/, "")}/${chart}-${version}.tgz`;
}

/** A registry is part of a chart's name, a repository of its own field. */
function chartReference({ chart, version, repository }: ChartPin) {
  return {
    chart: isRegistry(repository) ? `${repository}/${chart}` : chart,
    version,
  };
}

function repositoryOf({ repository }: ChartPin): { readonly repo?: string } {
  return isRegistry(repository) ? {} : { repo: repository };
}

function isRegistry(repository: string): boolean {
  return repository.startsWith("oci://");
}
