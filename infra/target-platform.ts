import type { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { DataVolume } from "./volumes/data-volume";
import { BucketShelf, type OwnGrant } from "./grants";
import type {
  Bucket,
  BucketArgs,
  Identity,
  IdentityArgs,
  NodePool,
  PlacedPool,
  Platform,
  Volume,
  VolumeArgs,
} from "./platform";
import type { TargetRequest } from "./target";

/** A service account and its grants, on buckets of the target's own class. */
export interface OwnIdentityArgs<Own extends Bucket> {
  readonly serviceAccount: IdentityArgs["serviceAccount"];
  readonly grants: readonly OwnGrant<Own>[];
}

/** Base of all platforms: placed pools, and grants on the stack's own buckets only. */
export abstract class TargetPlatform<Config, Own extends Bucket>
  extends pulumi.ComponentResource
  implements Platform
{
  abstract readonly kubeconfig: pulumi.Output<string>;
  abstract readonly provider: KubernetesProvider;
  abstract readonly storage: Platform["storage"];
  abstract readonly abortableWrites: boolean;
  abstract readonly gpuDriver: Platform["gpuDriver"];
  abstract readonly images: Platform["images"];
  abstract readonly clusterNetwork: Platform["clusterNetwork"];
  readonly pools: readonly PlacedPool[];

  protected readonly name: string;
  private readonly buckets = new BucketShelf<Own>();

  constructor(
    type: string,
    protected readonly request: TargetRequest<Config>,
    place: (pool: NodePool) => PlacedPool,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(`mlstack:infra:${type}`, request.name, {}, opts);
    this.name = request.name;
    this.pools = request.pools.map(place);
  }

  volume(
    name: string,
    args: VolumeArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Volume {
    const { storage, provider } = this;
    const { lifetime } = this.request;
    return new DataVolume(name, { ...args, storage, provider, lifetime }, opts);
  }

  bucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Own {
    return this.buckets.add(this.makeBucket(name, args, opts));
  }

  identity(
    name: string,
    args: IdentityArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    const grants = this.buckets.resolve(args);
    return this.makeIdentity(name, { ...args, grants }, opts);
  }

  protected abstract makeBucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Own;

  protected abstract makeIdentity(
    name: string,
    args: OwnIdentityArgs<Own>,
    opts: pulumi.ComponentResourceOptions,
  ): Identity;

  /** Options of what lies in the cluster. */
  protected get inCluster(): pulumi.CustomResourceOptions & {
    readonly parent: pulumi.Resource;
  } {
    return { parent: this, provider: this.provider };
  }

  protected get hasGpus(): boolean {
    return this.pools.some(({ gpu }) => gpu);
  }
}
