import { existsSync } from "node:fs";

import type * as k8s from "@pulumi/kubernetes";

/** A Helm chart at one pinned version. */
export interface ChartPin {
  readonly chart: string;
  readonly repository: string;
  readonly version: string;
  /** Page that lists its releases, for the maintainer who raises the version. */
  readonly releases: string;
}

/** A folder of kustomize manifests in a public repository, at one pinned tag. */
export interface ManifestPin {
  readonly repository: string;
  readonly tag: string;
  readonly path: string;
  /** Page that lists its releases, for the maintainer who raises the tag. */
  readonly releases: string;
}

/**
 * Environment variable that names a folder with copies of some public charts and repositories. The commands set it on a
 * machine that does not reach the public ones; what the folder lacks still comes from there.
 */
export const mirrorVariable = "MLSTACK_MIRROR";

/**
 * Source of a Helm release: the chart's public repository, or an archive of a mirror, named as `helm pull` names it.
 *
 * @param source folder of a mirror that has every chart; a git repository is none, because helm cannot read it
 */
export function chartOfRelease(
  pin: ChartPin,
  source?: string,
): Pick<k8s.helm.v3.ReleaseArgs, "chart" | "version" | "repositoryOpts"> {
  const archive = chartArchive(pin, source);
  return archive === undefined
    ? { ...chartReference(pin), repositoryOpts: repositoryOf(pin) }
    : { chart: archive };
}

/** Archive of a chart in a mirror; undefined where the chart comes from its public repository. */
export function chartArchive(
  { chart, version }: ChartPin,
  source?: string,
): string | undefined {
  const archive = `${chart}-${version}.tgz`;
  return source === undefined || source.includes("://")
    ? mirrored(archive)
    : `${withoutSlash(source)}/${archive}`;
}

/** Name and version of a public chart; a registry is part of the name. */
export function chartReference({ chart, version, repository }: ChartPin): {
  readonly chart: string;
  readonly version: string;
} {
  return {
    chart: isRegistry(repository) ? `${repository}/${chart}` : chart,
    version,
  };
}

/** Repository of a public chart; empty for a registry, which is part of the chart's name. */
export function repositoryOf({ repository }: ChartPin): {
  readonly repo?: string;
} {
  return isRegistry(repository) ? {} : { repo: repository };
}

/**
 * Source of a kustomization: a folder of a mirror, or of the public repository. The provider knows the latter as
 * `…/tree/<tag>/<path>` only; it would take kustomize's own `?ref=` for a part of the path.
 */
export function manifestDirectory(
  { repository, tag, path }: ManifestPin,
  source?: string,
): string {
  const folder = `${repository.slice(repository.lastIndexOf("/") + 1)}-${tag}`;
  const directory =
    source === undefined
      ? mirrored(folder)
      : `${withoutSlash(source)}/${folder}`;
  return `${directory ?? `${repository}/tree/${tag}`}/${path}`;
}

/** Path of an entry of this machine's mirror; undefined where there is no mirror or the mirror lacks it. */
function mirrored(entry: string): string | undefined {
  const mirror = process.env[mirrorVariable];
  if (!mirror) return undefined;
  const path = `${withoutSlash(mirror)}/${entry}`;
  return existsSync(path) ? path : undefined;
}

function withoutSlash(folder: string): string {
  return folder.replace(/\/+$/, "");
}

function isRegistry(repository: string): boolean {
  return repository.startsWith("oci://");
}
