import type * as pulumi from "@pulumi/pulumi";

import type { ObjectsConfig } from "./config";
import { EmbeddedStore } from "./embedded-store";
import type { ObjectStore, StoreCluster } from "./object-store";
import { S3Endpoint } from "./s3-endpoint";

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
          images: cluster.images,
          size: objects.size,
          lifetime: cluster.lifetime,
        },
        opts,
      );
    default:
      return objects satisfies never;
  }
}
