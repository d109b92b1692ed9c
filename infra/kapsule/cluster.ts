import * as kubernetes from "@pulumiverse/scaleway/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { KapsuleNetwork } from "./network";

/** Arguments of the cluster. */
export interface ClusterArgs {
  readonly clusterName: string;
  readonly region: string;
  readonly version: string;
  readonly network: KapsuleNetwork;
  readonly ranges: { readonly pods: string; readonly services: string };
  /** Ranges that reach the API over the internet; with none, the cluster's own nodes alone do. */
  readonly allow: readonly string[];
  readonly tags: readonly string[];
}

/** A cluster in a private network, its patches by Scaleway, its network policies by Cilium. */
export class KapsuleCluster extends pulumi.ComponentResource {
  readonly cluster: kubernetes.Cluster;
  readonly access: kubernetes.Acl;

  constructor(
    name: string,
    args: ClusterArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:KapsuleCluster", name, {}, opts);
    const { region, network, allow } = args;
    this.cluster = new kubernetes.Cluster(
      `${name}-cluster`,
      {
        name: args.clusterName,
        region,
        type: "kapsule",
        version: args.version,
        cni: "cilium",
        privateNetworkId: network.privateNetwork.id,
        podCidr: args.ranges.pods,
        serviceCidr: args.ranges.services,
        // The stack waits for volumes and load balancers itself, and removes its network itself.
        deleteAdditionalResources: false,
        autoUpgrade: {
          enable: true,
          maintenanceWindowDay: "sunday",
          maintenanceWindowStartHour: 3,
        },
        upgradePools: true,
        autoscalerConfig: {
          expander: "least_waste",
          estimator: "binpacking",
          // Nodes that nobody needs go after minutes; drivers keep nothing of worth in their own folders.
          scaleDownUnneededTime: "2m",
          scaleDownDelayAfterAdd: "2m",
          skipNodesWithLocalStorage: false,
        },
        tags: [...args.tags],
      },
      { parent: this, dependsOn: network.wayOut },
    );
    const rules = allow.map((ip) => ({ ip, description: "target.apiAllow" }));
    this.access = new kubernetes.Acl(
      `${name}-access`,
      {
        region,
        clusterId: this.cluster.id,
        aclRules: [
          ...rules,
          // Nodes leave by the gateway, also on their way to their own API.
          {
            ip: pulumi.interpolate`${network.address}/32`,
            description: "nodes",
          },
        ],
      },
      { parent: this },
    );
    this.registerOutputs({ clusterName: this.cluster.name });
  }
}
