import * as cloudwatch from "@pulumi/aws/cloudwatch";
import { Provider as AwsProvider } from "@pulumi/aws/provider";
import type { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { blockStorage } from "../volumes/block-storage";
import { CloudPlatform } from "../cloud-platform";
import { nvidiaDevicePlugin } from "../device-plugin";
import { secretKubeconfig } from "../kubeconfig";
import { nameWithin } from "../names/name-limits";
import { slug, worldwide } from "../names/naming";
import type { BucketArgs, Identity, Platform } from "../platform";
import { tagPairs } from "../tags";
import type { TargetRequest } from "../target";
import type { OwnIdentityArgs } from "../target-platform";
import { clusterNetwork } from "./cluster-network";
import { NodeAddons, WorkloadAddons } from "./addons";
import { ClusterAutoscaler } from "./autoscaler";
import { S3Bucket } from "./bucket";
import { EksCluster } from "./cluster";
import type { EksConfig } from "./config";
import { eksIdentity } from "./identity";
import { EksNetwork } from "./network";
import { EksNodePools } from "./node-pools";
import { EcrRegistry } from "./registry";
import { zonesOf } from "./rules";
import { nameLimits } from "./name-limits";

/** The platform on Amazon EKS. */
export class EksPlatform extends CloudPlatform<EksConfig, S3Bucket> {
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: KubernetesProvider;
  readonly storage: Platform["storage"];
  readonly abortableWrites = true;
  readonly gpuDriver = "device-plugin";
  readonly images: EcrRegistry;
  readonly clusterNetwork: Platform["clusterNetwork"];

  readonly network: EksNetwork;
  readonly cluster: EksCluster;
  readonly nodePools: EksNodePools;

  constructor(
    request: TargetRequest<EksConfig>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("EksPlatform", request, opts);
    this.clusterNetwork = clusterNetwork(request.target);
    this.network = this.makeNetwork(this.makeLogs());
    this.cluster = this.makeCluster();
    const nodeAddons = this.nodeAddons();
    this.nodePools = this.makeNodePools(nodeAddons);
    const addons = this.workloadAddons();
    this.images = this.makeRegistry();
    this.kubeconfig = this.makeKubeconfig();
    this.provider = this.clusterProvider(this.kubeconfig, [
      this.nodePools,
      addons,
    ]);
    this.storage = { block: this.disks(), expandable: true };
    this.scaling();
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  protected cloudProvider(): AwsProvider {
    const { account, region } = this.request.target;
    return new AwsProvider(
      `${this.name}-aws`,
      {
        region,
        allowedAccountIds: [account],
        defaultTags: { tags: this.tags },
      },
      { parent: this },
    );
  }

  protected cloudBucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): S3Bucket {
    const { account, region } = this.request.target;
    const bucketName = worldwide(
      slug(`mlstack-${this.name}-${name}`),
      [account, region],
      { longest: nameLimits.Bucket.longest, separator: "-" },
    );
    return new S3Bucket(name, { ...args, bucketName }, opts);
  }

  protected cloudIdentity(
    name: string,
    args: OwnIdentityArgs<S3Bucket>,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    const { issuer } = this.cluster;
    const { region } = this.request.target;
    return eksIdentity(name, { ...args, issuer, region }, opts);
  }

  private get tags(): Record<string, string> {
    return tagPairs(this.request.tags);
  }

  private get clusterName(): string {
    return nameWithin(nameLimits.Cluster, slug(`mlstack-${this.name}`));
  }

  /**
   * EKS would make the group itself, with unlimited retention. It keeps writing while a cluster is deleted, and recreates
   * a missing group; so the group is created first, and deleted last, minutes later.
   */
  private makeLogs(): cloudwatch.LogGroup {
    return new cloudwatch.LogGroup(
      `${this.name}-control-logs`,
      {
        name: `/aws/eks/${this.clusterName}/cluster`,
        retentionInDays: this.request.target.logDays,
      },
      { parent: this, provider: this.cloud },
    );
  }

  private makeNetwork(logs: pulumi.Resource): EksNetwork {
    const { region, network } = this.request.target;
    return new EksNetwork(
      `${this.name}-network`,
      { ...network, region, zones: zonesOf(region) },
      { ...this.below, dependsOn: logs },
    );
  }

  private makeCluster(): EksCluster {
    const { version, network, apiAllow, admins } = this.request.target;
    return new EksCluster(
      `${this.name}-control`,
      {
        clusterName: this.clusterName,
        version,
        subnetIds: this.network.privateSubnets.map(({ id }) => id),
        serviceCidr: network.services,
        allow: apiAllow,
        admins,
      },
      { ...this.below, dependsOn: this.network },
    );
  }

  private get addonsArgs() {
    return {
      clusterName: this.cluster.cluster.name,
      version: this.request.target.version,
      issuer: this.cluster.issuer,
    };
  }

  private nodeAddons(): NodeAddons {
    return new NodeAddons(
      `${this.name}-node-addons`,
      this.addonsArgs,
      this.below,
    );
  }

  private makeNodePools(nodeAddons: NodeAddons): EksNodePools {
    const { version, diskGiB, region, gpuZones } = this.request.target;
    const zones = zonesOf(region);
    return new EksNodePools(
      `${this.name}-pools`,
      {
        clusterName: this.cluster.cluster.name,
        version,
        region,
        subnets: this.network.privateSubnets.map(({ id }, index) => ({
          id,
          zone: zones[index] ?? "",
        })),
        gpuZones,
        pools: this.request.pools,
        tags: { stack: this.request.tags.stack },
        diskGiB,
      },
      // Nodes join through the NAT gateway, and leave before it.
      { ...this.below, dependsOn: [this.network, nodeAddons] },
    );
  }

  private workloadAddons(): WorkloadAddons {
    return new WorkloadAddons(
      `${this.name}-addons`,
      { ...this.addonsArgs, tags: this.tags },
      { ...this.below, dependsOn: this.nodePools },
    );
  }

  private makeRegistry(): EcrRegistry {
    const { account, region } = this.request.target;
    const forceDelete = this.request.lifetime === "short";
    return new EcrRegistry(
      `${this.name}-images`,
      { account, region, path: this.clusterName, forceDelete },
      this.below,
    );
  }

  private makeKubeconfig(): pulumi.Output<string> {
    const { region } = this.request.target;
    const { cluster } = this.cluster;
    return secretKubeconfig(
      pulumi
        .all([cluster.name, cluster.endpoint, cluster.certificateAuthority])
        .apply(([name, server, authority]) => ({
          name,
          server,
          certificateAuthority: authority.data,
          token: {
            command: "aws",
            args: [
              ...["eks", "get-token", "--cluster-name", name],
              ...["--region", region, "--output", "json"],
            ],
            installHint:
              "install the AWS CLI: https://docs.aws.amazon.com/cli/",
          },
        })),
    );
  }

  private disks(): pulumi.Output<string> {
    const pairs = Object.entries(this.tags);
    const tags = pairs.map(([key, value], index) => [
      `tagSpecification_${index + 1}`,
      `${key}=${value}`,
    ]);
    return blockStorage(
      this.name,
      {
        provisioner: "ebs.csi.aws.com",
        parameters: {
          type: "gp3",
          encrypted: "true",
          ...Object.fromEntries(tags),
        },
        byDefault: true,
        expandable: true,
      },
      this.inCluster,
    );
  }

  private scaling(): void {
    new ClusterAutoscaler(
      `${this.name}-autoscaler`,
      {
        clusterName: this.clusterName,
        region: this.request.target.region,
        issuer: this.cluster.issuer,
        cluster: this.provider,
      },
      this.below,
    );
    if (this.hasGpus) nvidiaDevicePlugin(this.name, this.inCluster);
  }
}
