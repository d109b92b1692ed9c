import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import type {
  Bucket,
  BucketArgs,
  Identity,
  NodePool,
  PlacedPool,
} from "./platform";
import { placePool, spotTaints } from "./pools/placement";
import type { TargetRequest } from "./target";
import { type OwnIdentityArgs, TargetPlatform } from "./target-platform";
import { Teardown } from "./teardown";

/** Base of the cloud platforms: one provider for cloud resources, one for the cluster's objects. */
export abstract class CloudPlatform<
  Config,
  Own extends Bucket,
> extends TargetPlatform<Config, Own> {
  protected readonly cloud: pulumi.ProviderResource;

  constructor(
    type: string,
    request: TargetRequest<Config>,
    opts?: pulumi.ComponentResourceOptions,
    place: (pool: NodePool) => PlacedPool = (pool) =>
      placePool(pool, spotTaints(pool)),
  ) {
    super(type, request, place, opts);
    this.cloud = this.cloudProvider();
  }

  protected abstract cloudProvider(): pulumi.ProviderResource;

  protected makeBucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Own {
    return this.cloudBucket(name, args, this.onCloud(opts));
  }

  protected makeIdentity(
    name: string,
    args: OwnIdentityArgs<Own>,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    return this.cloudIdentity(name, args, this.onCloud(opts));
  }

  protected abstract cloudBucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Own;

  protected abstract cloudIdentity(
    name: string,
    args: OwnIdentityArgs<Own>,
    opts: pulumi.ComponentResourceOptions,
  ): Identity;

  /** Options of the platform's own components. */
  protected get below(): pulumi.ComponentResourceOptions {
    return this.onCloud({ parent: this });
  }

  /** The provider of what is in the cluster, which needs nodes and add-ons, to run and to be cleaned up. */
  protected clusterProvider(
    kubeconfig: pulumi.Output<string>,
    needs: pulumi.Resource[],
  ): KubernetesProvider {
    const teardown = new Teardown(
      `${this.name}-teardown`,
      { kubeconfig, lifetime: this.request.lifetime, awaitAccess: true },
      { parent: this, dependsOn: needs },
    );
    return new KubernetesProvider(
      `${this.name}-kubernetes`,
      { kubeconfig },
      { parent: this, dependsOn: teardown },
    );
  }

  private onCloud(
    opts: pulumi.ComponentResourceOptions,
  ): pulumi.ComponentResourceOptions {
    return { ...opts, providers: [this.cloud] };
  }
}
