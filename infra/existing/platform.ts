import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { nvidiaDevicePlugin } from "../device-plugin";
import { makeObjectStore } from "../object-store/make-object-store";
import type { ObjectStore } from "../object-store/object-store";
import { StorePlatform } from "../object-store/store-platform";
import { placePool } from "../pools/placement";
import type { NodePool, PlacedPool, Platform } from "../platform";
import type { TargetRequest } from "../target";
import { clusterNetwork } from "./cluster-network";
import { type ExistingConfig, readKubeconfig } from "./config";

/** The platform on a cluster that somebody else made. */
export class ExistingPlatform extends StorePlatform<ExistingConfig> {
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: KubernetesProvider;
  readonly storage: Platform["storage"];
  readonly gpuDriver: "managed" | "device-plugin";
  readonly images: Platform["images"];
  readonly clusterNetwork: Platform["clusterNetwork"];

  protected readonly store: ObjectStore;

  constructor(
    request: TargetRequest<ExistingConfig>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { name, target } = request;
    super(
      "ExistingPlatform",
      request,
      (pool) => place(pool, target.poolLabel),
      opts,
    );
    this.clusterNetwork = clusterNetwork(request.target);
    // Whether it does is the class's; the API server refuses a growth that it does not carry out.
    this.storage = { block: target.storageClass, expandable: true };
    this.gpuDriver = target.gpuDriver;
    this.images = target.images;
    this.kubeconfig = pulumi.secret(readKubeconfig(target));
    this.provider = new KubernetesProvider(
      `${name}-kubernetes`,
      { kubeconfig: this.kubeconfig },
      { parent: this },
    );
    if (this.gpuDriver === "device-plugin" && this.hasGpus) {
      nvidiaDevicePlugin(name, this.inCluster);
    }
    this.store = makeObjectStore(
      `${name}-store`,
      target.objects,
      this.storeCluster,
      { parent: this },
    );
    this.registerOutputs({ kubeconfig: this.kubeconfig });
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
