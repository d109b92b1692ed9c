import { Provider as GoogleProvider } from "@pulumi/gcp/provider";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { blockStorage } from "../block-storage";
import { BucketShelf } from "../grants";
import { secretKubeconfig } from "../kubeconfig";
import { fitted, slug } from "../naming";
import { placePool } from "../placement";
import type {
  BucketArgs,
  Identity,
  IdentityArgs,
  PlacedPool,
  Platform,
} from "../platform";
import type { TargetRequest } from "../target";
import { GcsBucket } from "./bucket";
import { GkeCluster } from "./cluster";
import type { GkeConfig } from "./config";
import { WorkloadAccount } from "./identity";
import { GkeNetwork } from "./network";
import { GkeNodePools } from "./node-pools";
import { ArtifactRegistry } from "./registry";
import { accountId, bucketName, gcpLabels } from "./rules";

/** The platform on Google Kubernetes Engine. */
export class GkePlatform extends pulumi.ComponentResource implements Platform {
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: KubernetesProvider;
  readonly pools: readonly PlacedPool[];
  readonly storage: { readonly block: pulumi.Output<string> };
  readonly gpuDriver = "managed";
  readonly images: ArtifactRegistry;

  readonly network: GkeNetwork;
  readonly cluster: GkeCluster;
  readonly nodePools: GkeNodePools;

  private readonly google: GoogleProvider;
  private readonly buckets = new BucketShelf<GcsBucket>();

  constructor(
    private readonly name: string,
    private readonly request: TargetRequest<GkeConfig>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:GkePlatform", name, {}, opts);
    this.pools = request.pools.map((pool) => placePool(pool));
    this.google = this.googleProvider();
    this.network = this.makeNetwork();
    this.cluster = this.makeCluster();
    this.nodePools = this.makeNodePools();
    this.images = this.makeRegistry();
    this.kubeconfig = this.makeKubeconfig();
    this.provider = new KubernetesProvider(
      `${name}-kubernetes`,
      { kubeconfig: this.kubeconfig },
      // What is in the cluster needs nodes, to run and to be cleaned up.
      { parent: this, dependsOn: this.nodePools },
    );
    this.storage = { block: this.disks() };
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  bucket(
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
    return this.buckets.add(new GcsBucket(name, settings, this.onGoogle(opts)));
  }

  identity(
    name: string,
    args: IdentityArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    return new WorkloadAccount(
      name,
      {
        project: this.request.target.project,
        accountId: accountId(name, this.clusterName),
        serviceAccount: args.serviceAccount,
        grants: this.buckets.resolve(args),
        cluster: this.cluster,
      },
      this.onGoogle(opts),
    );
  }

  private onGoogle(
    opts: pulumi.ComponentResourceOptions,
  ): pulumi.ComponentResourceOptions {
    return { ...opts, providers: [this.google] };
  }

  private get below(): pulumi.ComponentResourceOptions {
    return this.onGoogle({ parent: this });
  }

  private get labels(): Record<string, string> {
    return gcpLabels(this.request.tags);
  }

  private get clusterName(): string {
    return fitted(slug(`mlstack-${this.name}`), 40);
  }

  private googleProvider(): GoogleProvider {
    const { project, region } = this.request.target;
    return new GoogleProvider(
      `${this.name}-google`,
      { project, region, defaultLabels: this.labels },
      { parent: this },
    );
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
    return blockStorage(
      this.name,
      {
        provisioner: "pd.csi.storage.gke.io",
        parameters: { type: "pd-balanced", labels: labels.join(",") },
        // GKE marks its own `standard-rwo`, and marks it again when the mark is taken away.
        byDefault: false,
      },
      { parent: this, provider: this.provider },
    );
  }
}
