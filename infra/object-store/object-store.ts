import type * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../platform";
import type { Lifetime } from "../target";
import type { ObjectsConfig } from "./config";
import { EmbeddedStore } from "./embedded-store";
import { S3Endpoint } from "./s3-endpoint";

/** An S3-compatible store that serves a platform whose target has no object storage of its own. */
export type ObjectStore = Pick<Platform, "bucket" | "identity">;

/** The cluster that the store serves. */
export type StoreCluster = Pick<
  Platform,
  "kubeconfig" | "provider" | "storage"
> & { readonly lifetime: Lifetime };

/** Makes the object store that the configuration asks for. */
export function makeObjectStore(
  name: string,
  objects: ObjectsConfig,
  cluster: StoreCluster,
  opts: pulumi.ComponentResourceOptions,
): ObjectStore {
  switch (objects.kind) {
    case "s3":
      return new S3Endpoint(objects, cluster.provider);
    case "in-cluster":
      return new EmbeddedStore(
        name,
        {
          kubeconfig: cluster.kubeconfig,
          provider: cluster.provider,
          storage: cluster.storage,
          size: objects.size,
          lifetime: cluster.lifetime,
        },
        opts,
      );
    default:
      return objects satisfies never;
  }
}
