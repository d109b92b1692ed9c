import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import type { ManifestPin } from "./versions";

/** An object of a kustomization, as a transformation sees it. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  spec?: unknown;
}

/** Changes an object of a kustomization in place, before it is applied. */
export type Transformation = (object: ManifestObject) => void;

/** The objects of a pinned kustomization, applied as they stand there but for the transformations. */
export class Kustomization extends k8s.kustomize.Directory {
  constructor(
    name: string,
    args: {
      readonly pin: ManifestPin;
      /** Mirror of the public repositories: a folder, or a folder of a git repository. */
      readonly source?: string;
      readonly transformations?: readonly Transformation[];
    },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super(
      name,
      {
        directory: manifestDirectory(args.pin, args.source),
        resourcePrefix: name,
        transformations: [...(args.transformations ?? [])],
      },
      opts,
    );
  }
}

/**
 * Where a kustomization is read from. The provider knows folders of a repository as `…/tree/<tag>/<path>` only;
 * kustomize's own `?ref=` would be taken for a part of the path.
 */
export function manifestDirectory(
  { repository, tag, path }: ManifestPin,
  source?: string,
): string {
  if (source === undefined) return `${repository}/tree/${tag}/${path}`;
  const name = repository.slice(repository.lastIndexOf("/") + 1);
  return `${source.replace(/\/+$/, "")}/${name}-${tag}/${path}`;
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
