import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { nvidiaDevicePlugin } from "../device-plugin";
import { Garage } from "../object-store/garage";
import { placePool } from "../placement";
import type {
  Bucket,
  BucketArgs,
  Identity,
  IdentityArgs,
  NodePool,
  PlacedPool,
  Platform,
} from "../platform";
import type { TargetRequest } from "../target";
import { type ExistingConfig, readKubeconfig } from "./config";

/** The platform on a cluster that somebody else made. */
export class ExistingPlatform
  extends pulumi.ComponentResource
  implements Platform
{
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: KubernetesProvider;
  readonly pools: readonly PlacedPool[];
  readonly storage: { readonly block: string };
  readonly gpuDriver: "managed" | "device-plugin";
  readonly images: { readonly prefix: string };

  private readonly store: Garage;

  constructor(
    name: string,
    { target, pools }: TargetRequest<ExistingConfig>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:ExistingPlatform", name, {}, opts);
    this.pools = pools.map((pool) => place(pool, target.poolLabel));
    this.storage = { block: target.storageClass };
    this.gpuDriver = target.gpuDriver;
    this.images = target.images;
    this.kubeconfig = pulumi.secret(readKubeconfig(target));
    this.provider = new KubernetesProvider(
      `${name}-kubernetes`,
      { kubeconfig: this.kubeconfig },
      { parent: this },
    );
    if (this.gpuDriver === "device-plugin" && pools.some(({ gpu }) => gpu)) {
      nvidiaDevicePlugin(name, { parent: this, provider: this.provider });
    }
    this.store = new Garage(
      `${name}-store`,
      {
        kubeconfig: this.kubeconfig,
        provider: this.provider,
        storageClass: target.storageClass,
        size: target.storeSize,
      },
      { parent: this },
    );
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  bucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Bucket {
    return this.store.bucket(name, args, opts);
  }

  identity(
    name: string,
    args: IdentityArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    return this.store.identity(name, args, opts);
  }
}

/** A pool of nodes that carry another label, or none: then every node will do. */
export function place(pool: NodePool, label: string | undefined): PlacedPool {
  const placed = placePool(pool);
  const nodeSelector: Record<string, string> = label
    ? { [label]: pool.name }
    : {};
  return { ...placed, placement: { ...placed.placement, nodeSelector } };
}
