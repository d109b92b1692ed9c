import * as container from "@pulumi/gcp/container";
import * as projects from "@pulumi/gcp/projects";
import * as serviceaccount from "@pulumi/gcp/serviceaccount";
import * as pulumi from "@pulumi/pulumi";

import { type GkeNetwork, rangeNames } from "./network";
import { accountId } from "./rules";

/** Arguments of the cluster. */
export interface ClusterArgs {
  readonly clusterName: string;
  readonly project: string;
  readonly region: string;
  readonly channel: string;
  readonly network: GkeNetwork;
  readonly controlPlane: string;
  /** Ranges that reach the API over the internet; with none it answers inside the network only. */
  readonly allow: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Description of the nodes' service account, which names its owner. */
  readonly description: string;
}

/** A regional cluster: private nodes, Dataplane V2, workload identity, its version by release channel. */
export class GkeCluster extends pulumi.ComponentResource {
  readonly cluster: container.Cluster;
  readonly nodeAccount: serviceaccount.Account;
  readonly nodeRole: projects.IAMMember;

  constructor(
    name: string,
    args: ClusterArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:GkeCluster", name, {}, opts);
    this.nodeAccount = new serviceaccount.Account(
      `${name}-nodes`,
      {
        accountId: accountId("nodes", args.clusterName),
        displayName: `Nodes of ${args.clusterName}`,
        description: args.description,
      },
      { parent: this },
    );
    // Logs, metrics, and nothing else; Compute Engine's default account could edit the whole project.
    this.nodeRole = new projects.IAMMember(
      `${name}-nodes`,
      {
        project: args.project,
        role: "roles/container.defaultNodeServiceAccount",
        member: pulumi.interpolate`serviceAccount:${this.nodeAccount.email}`,
      },
      { parent: this },
    );
    this.cluster = new container.Cluster(
      `${name}-cluster`,
      {
        ...placeOf(args),
        ...accessOf(args),
        ...featuresOf(args),
        // Made and removed at once: the pools are resources of their own.
        initialNodeCount: 1,
        removeDefaultNodePool: true,
        nodeConfig: { serviceAccount: this.nodeAccount.email },
        // The stack protects what cannot be made again; this flag would only make destroy fail.
        deletionProtection: false,
      },
      {
        parent: this,
        dependsOn: [args.network, this.nodeRole],
        // Both belong to the initial node pool, which has been removed.
        ignoreChanges: ["nodeConfig", "initialNodeCount"],
      },
    );
    this.registerOutputs({ clusterName: this.cluster.name });
  }
}

function placeOf({ clusterName, region, network, labels }: ClusterArgs) {
  return {
    name: clusterName,
    location: region,
    network: network.network.id,
    subnetwork: network.subnetwork.id,
    networkingMode: "VPC_NATIVE",
    ipAllocationPolicy: {
      clusterSecondaryRangeName: rangeNames.pods,
      servicesSecondaryRangeName: rangeNames.services,
    },
    resourceLabels: labels,
  };
}

function accessOf({ allow, controlPlane }: ClusterArgs) {
  return {
    privateClusterConfig: {
      enablePrivateNodes: true,
      enablePrivateEndpoint: allow.length === 0,
      masterIpv4CidrBlock: controlPlane,
    },
    masterAuthorizedNetworksConfig: {
      cidrBlocks: allow.map((cidrBlock) => ({ cidrBlock })),
    },
    masterAuth: { clientCertificateConfig: { issueClientCertificate: false } },
  };
}

function featuresOf({ channel, project }: ClusterArgs) {
  return {
    releaseChannel: { channel },
    workloadIdentityConfig: { workloadPool: `${project}.svc.id.goog` },
    enableShieldedNodes: true,
    // Nodes that nobody needs go after minutes, and pods are packed; node pools are the stack's own.
    clusterAutoscaling: {
      enabled: false,
      autoscalingProfile: "OPTIMIZE_UTILIZATION",
    },
    datapathProvider: "ADVANCED_DATAPATH",
    addonsConfig: {
      gcePersistentDiskCsiDriverConfig: { enabled: true },
      dnsCacheConfig: { enabled: true },
    },
    securityPostureConfig: { mode: "BASIC" },
  };
}
