import { Provider as GoogleProvider } from "@pulumi/gcp/provider";
import type { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { blockStorage } from "../volumes/block-storage";
import { CloudPlatform } from "../cloud-platform";
import { secretKubeconfig } from "../kubeconfig";
import { nameWithin } from "../names/name-limits";
import { slug } from "../names/naming";
import type { BucketArgs, Identity, Platform } from "../platform";
import type { TargetRequest } from "../target";
import type { OwnIdentityArgs } from "../target-platform";
import { clusterNetwork } from "./cluster-network";
import { GcsBucket } from "./bucket";
import { GkeCluster } from "./cluster";
import type { GkeConfig } from "./config";
import { WorkloadAccount } from "./identity";
import { GkeNetwork } from "./network";
import { GkeNodePools } from "./node-pools";
import { ArtifactRegistry } from "./registry";
import {
  accountId,
  bucketName,
  diskType,
  gcpDescription,
  gcpLabels,
} from "./rules";
import { nameLimits } from "./name-limits";

/** The platform on Google Kubernetes Engine. */
export class GkePlatform extends CloudPlatform<GkeConfig, GcsBucket> {
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: KubernetesProvider;
  readonly storage: Platform["storage"];
  readonly abortableWrites = false;
  readonly gpuDriver = "managed";
  readonly images: ArtifactRegistry;
  readonly clusterNetwork: Platform["clusterNetwork"];

  readonly network: GkeNetwork;
  readonly cluster: GkeCluster;
  readonly nodePools: GkeNodePools;

  constructor(
    request: TargetRequest<GkeConfig>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("GkePlatform", request, opts);
    this.clusterNetwork = clusterNetwork(request.target);
    this.network = this.makeNetwork();
    this.cluster = this.makeCluster();
    this.nodePools = this.makeNodePools();
    this.images = this.makeRegistry();
    this.kubeconfig = this.makeKubeconfig();
    this.provider = this.clusterProvider(this.kubeconfig, [this.nodePools]);
    this.storage = { block: this.disks(), expandable: true };
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  protected cloudProvider(): GoogleProvider {
    const { project, region } = this.request.target;
    return new GoogleProvider(
      `${this.name}-google`,
      { project, region, defaultLabels: this.labels },
      { parent: this },
    );
  }

  protected cloudBucket(
    name: string,
    args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): GcsBucket {
    const { project, region } = this.request.target;
    const settings = {
      ...args,
      bucketName: bucketName(`mlstack-${this.name}-${name}`, [project, region]),
      location: region,
      labels: this.labels,
    };
    return new GcsBucket(name, settings, opts);
  }

  protected cloudIdentity(
    name: string,
    args: OwnIdentityArgs<GcsBucket>,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    return new WorkloadAccount(
      name,
      {
        ...args,
        project: this.request.target.project,
        accountId: accountId(name, this.clusterName),
        description: gcpDescription(this.request.tags),
        cluster: this.cluster,
      },
      opts,
    );
  }

  private get labels(): Record<string, string> {
    return gcpLabels(this.request.tags);
  }

  private get clusterName(): string {
    return nameWithin(nameLimits.Cluster, slug(`mlstack-${this.name}`));
  }

  private makeNetwork(): GkeNetwork {
    const { region, network } = this.request.target;
    return new GkeNetwork(
      `${this.name}-network`,
      { region, ranges: network },
      this.below,
    );
  }

  private makeCluster(): GkeCluster {
    const { project, region, channel, network, apiAllow } = this.request.target;
    return new GkeCluster(
      `${this.name}-control`,
      {
        clusterName: this.clusterName,
        project,
        region,
        channel,
        network: this.network,
        controlPlane: network.controlPlane,
        allow: apiAllow,
        labels: this.labels,
        description: gcpDescription(this.request.tags),
      },
      this.below,
    );
  }

  private makeNodePools(): GkeNodePools {
    const { region, gpuZones, diskGiB } = this.request.target;
    return new GkeNodePools(
      `${this.name}-pools`,
      {
        cluster: this.cluster.cluster.id,
        region,
        serviceAccount: this.cluster.nodeAccount.email,
        pools: this.request.pools,
        gpuZones,
        networkTag: this.network.nodeTag,
        labels: this.labels,
        diskGiB,
      },
      { ...this.below, dependsOn: [this.network, this.cluster] },
    );
  }

  private makeRegistry(): ArtifactRegistry {
    const { project, region } = this.request.target;
    return new ArtifactRegistry(
      `${this.name}-images`,
      {
        project,
        region,
        repository: this.clusterName,
        reader: this.cluster.nodeAccount.email,
      },
      this.below,
    );
  }

  private makeKubeconfig(): pulumi.Output<string> {
    const { name, endpoint, masterAuth } = this.cluster.cluster;
    return secretKubeconfig(
      pulumi
        .all([name, endpoint, masterAuth])
        .apply(([clusterName, host, { clusterCaCertificate }]) => ({
          name: clusterName,
          server: `https://${host}`,
          certificateAuthority: clusterCaCertificate,
          token: {
            command: "gke-gcloud-auth-plugin",
            installHint: "gcloud components install gke-gcloud-auth-plugin",
          },
        })),
    );
  }

  private disks(): pulumi.Output<string> {
    const labels = Object.entries(this.labels).map((pair) => pair.join("="));
    const plain = this.request.pools.find(({ gpu }) => !gpu);
    const type = diskType(plain?.machineType ?? "");
    return blockStorage(
      this.name,
      {
        provisioner: "pd.csi.storage.gke.io",
        parameters: { type, labels: labels.join(",") },
        // GKE marks its own `standard-rwo`, and marks it again when the mark is taken away.
        byDefault: false,
        expandable: true,
      },
      this.inCluster,
    );
  }
}
