import type * as pulumi from "@pulumi/pulumi";

import type { Bucket, BucketArgs, Identity } from "../platform";
import { type OwnIdentityArgs, TargetPlatform } from "../target-platform";
import type { ObjectStore, StoreCluster } from "./object-store";

/** A platform whose buckets and keys are those of an S3-compatible store. */
export abstract class StorePlatform<Config> extends TargetPlatform<
  Config,
  Bucket
> {
  readonly abortableWrites = true;
  protected abstract readonly store: ObjectStore;

  /** The cluster, as the store's constructor takes it. */
  protected get storeCluster(): StoreCluster {
    const { kubeconfig, provider, storage, images, request } = this;
    return {
      ...{ kubeconfig, provider, storage, images },
      lifetime: request.lifetime,
    };
  }

  protected makeBucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Bucket {
    return this.store.bucket(name, args, opts);
  }

  protected makeIdentity(
    name: string,
    args: OwnIdentityArgs<Bucket>,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    return this.store.identity(name, args, opts);
  }
}
