import type { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { Provider as ScalewayProvider } from "@pulumiverse/scaleway/provider";

import { blockStorage } from "../volumes/block-storage";
import { CloudPlatform } from "../cloud-platform";
import { secretKubeconfig } from "../kubeconfig";
import { nameWithin } from "../names/name-limits";
import { digest, slug } from "../names/naming";
import type { BucketArgs, Identity, NodePool, Platform } from "../platform";
import { tagPairs } from "../tags";
import type { TargetRequest } from "../target";
import type { OwnIdentityArgs } from "../target-platform";
import { ScalewayBucket } from "./bucket";
import { KapsuleCluster } from "./cluster";
import { clusterNetwork } from "./cluster-network";
import { type KapsuleConfig, zoneOf } from "./config";
import { WorkloadKey } from "./identity";
import { nameLimits } from "./name-limits";
import { KapsuleNetwork } from "./network";
import { KapsuleNodePools } from "./node-pools";
import { ScalewayRegistry } from "./registry";
import { bucketName, registryName, scalewayTags } from "./rules";

/** The platform on Scaleway Kubernetes Kapsule. */
export class KapsulePlatform extends CloudPlatform<
  KapsuleConfig,
  ScalewayBucket
> {
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: KubernetesProvider;
  readonly storage: Platform["storage"];
  readonly abortableWrites = true;
  /** Kapsule installs NVIDIA's operator on GPU pools by itself. */
  readonly gpuDriver = "managed";
  readonly images: ScalewayRegistry;
  readonly clusterNetwork: Platform["clusterNetwork"];

  readonly network: KapsuleNetwork;
  readonly cluster: KapsuleCluster;
  readonly nodePools: KapsuleNodePools;

  constructor(
    request: TargetRequest<KapsuleConfig>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("KapsulePlatform", request, opts);
    this.clusterNetwork = clusterNetwork(request.target);
    this.network = this.makeNetwork();
    this.cluster = this.makeCluster();
    this.nodePools = this.makeNodePools();
    this.images = this.makeRegistry();
    this.kubeconfig = this.makeKubeconfig();
    this.provider = this.clusterProvider(this.kubeconfig, [
      this.nodePools,
      this.cluster.access,
      this.network.wayOut,
    ]);
    this.storage = { block: this.disks(), expandable: true };
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  protected cloudProvider(): ScalewayProvider {
    const { target } = this.request;
    const { project: projectId, region } = target;
    return new ScalewayProvider(
      `${this.name}-scaleway`,
      { projectId, region, zone: zoneOf({}, target) },
      { parent: this },
    );
  }

  protected cloudBucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): ScalewayBucket {
    const { project, region, admins } = this.request.target;
    const settings = {
      ...{ ...args, project, region },
      bucketName: bucketName(`mlstack-${this.name}-${name}`, [project, region]),
      tags: tagPairs(this.request.tags),
      admins: admins.map((admin) => admin.replace(":", "_id:")),
    };
    return new ScalewayBucket(name, settings, opts);
  }

  protected cloudIdentity(
    name: string,
    args: OwnIdentityArgs<ScalewayBucket>,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    const { project, region } = this.request.target;
    return new WorkloadKey(
      name,
      {
        ...{ ...args, project, region },
        applicationName: this.inOrganization(name),
        images: this.images,
        cluster: this.provider,
        tags: this.tags,
      },
      opts,
    );
  }

  private get tags(): string[] {
    return scalewayTags(this.request.tags);
  }

  private get clusterName(): string {
    return nameWithin(nameLimits.Cluster, slug(`mlstack-${this.name}`));
  }

  /** A name that other stacks of the organization do not have, in the other projects of it either. */
  private inOrganization(name: string): string {
    const { project } = this.request.target;
    return `${this.clusterName}-${digest([project], 6)}-${name}`;
  }

  private makeNetwork(): KapsuleNetwork {
    const { target } = this.request;
    const { region, network } = target;
    return new KapsuleNetwork(
      `${this.name}-network`,
      {
        ...{ region, nodes: network.nodes, tags: this.tags },
        zone: zoneOf({}, target),
      },
      this.below,
    );
  }

  private makeCluster(): KapsuleCluster {
    const { region, version, network, apiAllow } = this.request.target;
    return new KapsuleCluster(
      `${this.name}-control`,
      {
        ...{ region, version, tags: this.tags },
        clusterName: this.clusterName,
        network: this.network,
        ranges: network,
        allow: apiAllow,
      },
      this.below,
    );
  }

  private makeNodePools(): KapsuleNodePools {
    const { pools, target } = this.request;
    const { region, diskGiB } = target;
    return new KapsuleNodePools(
      `${this.name}-pools`,
      {
        ...{ region, pools, diskGiB, tags: this.tags },
        cluster: this.cluster.cluster.id,
        zoneOf: (pool: NodePool) => zoneOf(pool, target),
      },
      { ...this.below, dependsOn: [this.network.wayOut, this.cluster] },
    );
  }

  private makeRegistry(): ScalewayRegistry {
    const { project, region } = this.request.target;
    return new ScalewayRegistry(
      `${this.name}-images`,
      {
        ...{ project, region, tags: this.tags },
        registryName: registryName(this.clusterName, [project, region]),
        applicationName: this.inOrganization("images"),
        description: this.tags.join(" "),
      },
      this.below,
    );
  }

  private makeKubeconfig(): pulumi.Output<string> {
    const { name, apiserverUrl, kubeconfigs } = this.cluster.cluster;
    return secretKubeconfig(
      pulumi
        .all([name, apiserverUrl, kubeconfigs])
        .apply(([clusterName, server, [access]]) => ({
          name: clusterName,
          server,
          certificateAuthority: access?.clusterCaCertificate ?? "",
          token: {
            command: "scw",
            args: ["k8s", "exec-credential"],
            installHint: "https://www.scaleway.com/en/docs/scaleway-cli/",
          },
        })),
    );
  }

  private disks(): pulumi.Output<string> {
    return blockStorage(
      this.name,
      {
        provisioner: "csi.scaleway.com",
        parameters: { iops: "5000" },
        // Kapsule marks its own, and marks it again when the mark is taken away.
        byDefault: false,
        expandable: true,
      },
      this.inCluster,
    );
  }
}
