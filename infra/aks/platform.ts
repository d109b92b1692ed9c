import * as containerservice from "@pulumi/azure-native/containerservice";
import { Provider as AzureProvider } from "@pulumi/azure-native/provider";
import * as resources from "@pulumi/azure-native/resources";
import type { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { blockStorage } from "../volumes/block-storage";
import { CloudPlatform } from "../cloud-platform";
import { nvidiaDevicePlugin } from "../device-plugin";
import { fitted, slug } from "../names/naming";
import { placePool } from "../pools/placement";
import type { BucketArgs, Identity, NodePool, Platform } from "../platform";
import { tagPairs } from "../tags";
import type { TargetRequest } from "../target";
import type { OwnIdentityArgs } from "../target-platform";
import { clusterNetwork } from "./cluster-network";
import { adminOf } from "./admins";
import { AdlsBucket } from "./bucket";
import { AksCluster } from "./cluster";
import type { AksConfig } from "./config";
import { FederatedIdentity } from "./identity";
import { withLogin } from "./login";
import { AksNetwork } from "./network";
import { addedTaints, AksNodePools } from "./node-pools";
import { AcrRegistry } from "./registry";
import {
  containerName,
  outboundAddresses,
  registryName,
  storageAccountName,
  systemPoolName,
} from "./rules";

/** The platform on Azure Kubernetes Service. */
export class AksPlatform extends CloudPlatform<AksConfig, AdlsBucket> {
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: KubernetesProvider;
  readonly storage: Platform["storage"];
  readonly abortableWrites = false;
  readonly gpuDriver = "device-plugin";
  readonly images: AcrRegistry;
  readonly clusterNetwork: Platform["clusterNetwork"];

  readonly resourceGroup: resources.ResourceGroup;
  readonly network: AksNetwork;
  readonly cluster: AksCluster;
  readonly nodePools: AksNodePools;

  constructor(
    request: TargetRequest<AksConfig>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("AksPlatform", request, opts, (pool) =>
      placePool(pool, addedTaints(pool)),
    );
    this.clusterNetwork = clusterNetwork(request.target);
    this.resourceGroup = this.makeGroup();
    this.network = this.makeNetwork();
    this.cluster = this.makeCluster();
    this.nodePools = this.makeNodePools(request.pools);
    this.images = this.makeRegistry();
    this.kubeconfig = this.makeKubeconfig();
    this.provider = this.clusterProvider(this.kubeconfig, [
      this.cluster,
      this.nodePools,
    ]);
    this.storage = { block: this.disks(), expandable: true };
    if (this.hasGpus) nvidiaDevicePlugin(this.name, this.inCluster);
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  protected cloudProvider(): AzureProvider {
    const { subscription, tenant, region } = this.request.target;
    return new AzureProvider(
      `${this.name}-azure`,
      { subscriptionId: subscription, tenantId: tenant, location: region },
      { parent: this },
    );
  }

  protected cloudBucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): AdlsBucket {
    const { subscription, region } = this.request.target;
    const owner = [subscription, region, this.clusterName];
    return new AdlsBucket(
      name,
      {
        ...args,
        ...this.place,
        accountName: storageAccountName(name, owner),
        containerName: containerName(name),
      },
      opts,
    );
  }

  protected cloudIdentity(
    name: string,
    args: OwnIdentityArgs<AdlsBucket>,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    const { subscription, tenant } = this.request.target;
    return new FederatedIdentity(
      name,
      {
        ...args,
        ...this.place,
        subscription,
        tenant,
        identityName: fitted(slug(`${this.clusterName}-${name}`), 100),
        issuer: this.cluster.issuer,
        kubeconfig: this.kubeconfig,
      },
      opts,
    );
  }

  /** Arguments common to every Azure resource: location, resource group and tags. */
  private get place() {
    return {
      resourceGroupName: this.resourceGroup.name,
      location: this.request.target.region,
      tags: tagPairs(this.request.tags),
    };
  }

  private get poolSettings() {
    const { version, diskGiB, gpuZones } = this.request.target;
    const subnetId = this.network.nodeSubnet.id;
    return { version, diskGiB, gpuZones, subnetId, ...this.place };
  }

  private get clusterName(): string {
    return fitted(slug(`mlstack-${this.name}`), 54);
  }

  private makeGroup(): resources.ResourceGroup {
    return new resources.ResourceGroup(
      `${this.name}-group`,
      {
        resourceGroupName: this.clusterName,
        location: this.request.target.region,
        tags: tagPairs(this.request.tags),
      },
      { parent: this, provider: this.cloud },
    );
  }

  private makeNetwork(): AksNetwork {
    const { target, pools } = this.request;
    return new AksNetwork(
      `${this.name}-network`,
      {
        ...this.place,
        cidr: target.network.cidr,
        outbound: outboundAddresses([target.system, ...pools]),
      },
      this.below,
    );
  }

  private makeCluster(): AksCluster {
    const { target, lifetime } = this.request;
    return new AksCluster(
      `${this.name}-control`,
      {
        ...this.poolSettings,
        clusterName: this.clusterName,
        subscription: target.subscription,
        tenant: target.tenant,
        network: target.network,
        allow: target.apiAllow,
        outbound: this.network.outbound,
        admins: target.admins.map(adminOf),
        systemPool: { ...target.system, name: systemPoolName, spot: false },
        agreed: lifetime === "long",
      },
      { ...this.below, dependsOn: this.network },
    );
  }

  private makeNodePools(pools: readonly NodePool[]): AksNodePools {
    return new AksNodePools(
      `${this.name}-pools`,
      {
        ...this.poolSettings,
        clusterName: this.cluster.cluster.name,
        pools,
      },
      this.below,
    );
  }

  private makeRegistry(): AcrRegistry {
    const { subscription, region } = this.request.target;
    return new AcrRegistry(
      `${this.name}-images`,
      {
        ...this.place,
        subscription,
        registryName: registryName(this.clusterName, [subscription, region]),
        kubeletId: this.cluster.kubeletId,
      },
      this.below,
    );
  }

  private makeKubeconfig(): pulumi.Output<string> {
    const credentials =
      containerservice.listManagedClusterUserCredentialsOutput(
        {
          resourceGroupName: this.resourceGroup.name,
          resourceName: this.cluster.cluster.name,
        },
        { parent: this, provider: this.cloud, dependsOn: [this.cluster] },
      );
    return pulumi.secret(
      credentials.kubeconfigs.apply(([first]) =>
        withLogin(
          Buffer.from(first?.value ?? "", "base64").toString(),
          "azurecli",
        ),
      ),
    );
  }

  private disks(): pulumi.Output<string> {
    const tags = Object.entries(this.place.tags).map((pair) => pair.join("="));
    return blockStorage(
      this.name,
      {
        provisioner: "disk.csi.azure.com",
        parameters: { skuName: "Premium_ZRS", tags: tags.join(",") },
        // AKS marks its own `default`, and marks it again when the mark is taken away.
        byDefault: false,
        expandable: true,
      },
      this.inCluster,
    );
  }
}
