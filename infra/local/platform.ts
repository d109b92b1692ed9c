import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { registryStorage } from "../supply/images/registry";
import { NetworkPolicyController } from "../network/network-policy-controller";
import { makeObjectStore } from "../object-store/make-object-store";
import type { ObjectStore } from "../object-store/object-store";
import { StorePlatform } from "../object-store/store-platform";
import { placePool } from "../pools/placement";
import type { Platform } from "../platform";
import { SystemNamespaces } from "../network/system-namespaces";
import type { TargetRequest } from "../target";
import { clusterNetwork } from "./cluster-network";
import { clusterName } from "./cluster-name";
import { LocalCluster } from "./cluster";
import { type LocalConfig, nodesOf } from "./config";
import { apiAddress } from "./layout";
import { imagePrefix } from "./registry";
import { provisionerNamespace, storageClass } from "./storage";
import { pinnedVersions } from "./versions";

/** The platform on this machine. */
export class LocalPlatform extends StorePlatform<LocalConfig> {
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: KubernetesProvider;
  readonly storage = {
    block: storageClass,
    // Folders on this machine have no size.
    expandable: false,
  } as const;
  readonly gpuDriver = "managed";
  readonly images = {
    prefix: imagePrefix,
    storage: registryStorage(),
  };
  readonly clusterNetwork: Platform["clusterNetwork"];

  readonly cluster: LocalCluster;

  protected readonly store: ObjectStore;

  constructor(
    request: TargetRequest<LocalConfig>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("LocalPlatform", request, (pool) => placePool(pool), opts);
    this.clusterNetwork = clusterNetwork(request.target);
    this.cluster = this.makeCluster();
    this.kubeconfig = pulumi.secret(this.cluster.kubeconfig);
    const ending = endingWith(this.cluster);
    // Tests register resources without a stack.
    if (pulumi.runtime.getStackResource())
      // Not registerResourceTransform: the language host of a machine without the internet does not pass it on.
      pulumi.runtime.registerStackTransformation(ending);
    this.provider = this.clusterProvider();
    const { target } = this.request;
    new NetworkPolicyController(
      `${this.name}-network-policies`,
      {
        apiServer: apiAddress(target),
        serviceCidr: target.serviceCidr,
      },
      { parent: this, provider: this.provider, transformations: [ending] },
    );
    new SystemNamespaces(
      `${this.name}-system`,
      {
        apiServer: this.clusterNetwork.apiServer,
        nodes: [target.subnet],
        provisioner: provisionerNamespace,
      },
      { parent: this, provider: this.provider, transformations: [ending] },
    );
    this.store = makeObjectStore(
      `${this.name}-store`,
      request.target.objects,
      this.storeCluster,
      {
        parent: this,
        // This component took those of the stack over before the cluster was there.
        transformations: [ending],
      },
    );
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  private makeCluster(): LocalCluster {
    const { target, pools, lifetime } = this.request;
    const { dataDir, subnet, podCidr, serviceCidr, apiPort, internet } = target;
    return new LocalCluster(
      `${this.name}-cluster`,
      {
        name: clusterName(this.name, target.name),
        ...{ dataDir, subnet, podCidr, serviceCidr, apiPort, internet },
        pools: pools.map((pool) => ({
          name: pool.name,
          count: nodesOf(pool),
          gpus: pool.gpu?.count ?? 0,
        })),
        registryStorage: this.images.storage,
        versions: pinnedVersions(),
      },
      {
        parent: this,
        import: target.import,
        // Buckets, volumes and streams are in it, and go with it.
        protect: lifetime === "long",
      },
    );
  }

  private clusterProvider(): KubernetesProvider {
    return new KubernetesProvider(
      `${this.name}-kubernetes`,
      { kubeconfig: this.kubeconfig },
      { parent: this },
    );
  }
}

/** Objects in the cluster are deleted with it: deleting them one by one first would only be slower. */
function endingWith(cluster: LocalCluster): pulumi.ResourceTransformation {
  const inside =
    /^(kubernetes:|kubernetes-cert-manager:|mlstack:index:Embedded|mlstack:index:JobEnd)/;
  return ({ type, props, opts }) =>
    inside.test(type)
      ? { props, opts: { ...opts, deletedWith: cluster } }
      : undefined;
}
