import * as containerservice from "@pulumi/azure-native/containerservice";
import * as managedidentity from "@pulumi/azure-native/managedidentity";
import type * as network from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";

import { address } from "../network/cidr";
import type { NodePool } from "../platform";
import type { Admin } from "./admins";
import { poolProfile, type PoolSettings } from "./node-pools";
import { assignRole } from "./role";
import { portsOfNode, roles } from "./rules";

/** Arguments of the cluster. */
export interface ClusterArgs extends PoolSettings {
  readonly clusterName: string;
  readonly subscription: string;
  readonly tenant: string;
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: string;
  readonly network: { readonly pods: string; readonly services: string };
  /** Ranges that reach the API over the internet; with none it answers inside the network only. */
  readonly allow: readonly string[];
  /** Addresses that nodes reach the internet and the API by. */
  readonly outbound: readonly network.PublicIPAddress[];
  readonly admins: readonly Admin[];
  /** The pool that the cluster's own services run in; AKS makes no cluster without one, and neither renames nor resizes it later. */
  readonly systemPool: NodePool;
  /** Whether the API server comes with an agreement on its availability. */
  readonly agreed: boolean;
}

/** A cluster: Azure CNI overlay on Cilium, entered through Entra ID and Azure RBAC only, with an issuer of its own. */
export class AksCluster extends pulumi.ComponentResource {
  readonly cluster: containerservice.ManagedCluster;
  readonly issuer: pulumi.Output<string>;
  readonly kubeletId: pulumi.Output<string>;
  /** Resources to create before administrators can authenticate. */
  readonly access: readonly pulumi.Resource[];

  constructor(
    name: string,
    args: ClusterArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:AksCluster", name, {}, opts);
    const identity = this.identity(name, args);
    this.cluster = new containerservice.ManagedCluster(
      `${name}-cluster`,
      {
        ...placeOf(args),
        ...accessOf(args),
        ...networkOf(args),
        ...services,
        identity: {
          type: "UserAssigned",
          userAssignedIdentities: [identity.id],
        },
        agentPoolProfiles: [
          {
            name: args.systemPool.name,
            mode: "System",
            ...poolProfile(args.systemPool, args),
          },
        ],
      },
      {
        parent: this,
        dependsOn: identity.roles,
        // The autoscaler's to decide.
        ignoreChanges: ["agentPoolProfiles[0].count"],
      },
    );
    this.issuer = this.cluster.oidcIssuerProfile.apply(
      (profile) => profile?.issuerURL ?? "",
    );
    this.kubeletId = this.cluster.identityProfile.apply(
      (profile) => profile?.["kubeletidentity"]?.objectId ?? "",
    );
    // Groups come with the cluster.
    this.access = args.admins
      .filter(({ kind }) => kind !== "group")
      .map((admin) => this.admin(name, args, admin));
    this.registerOutputs({ clusterName: this.cluster.name });
  }

  /** The cluster's own identity, which joins nodes to the subnet and the load balancer to its addresses. */
  private identity(name: string, args: ClusterArgs) {
    const identity = new managedidentity.UserAssignedIdentity(
      `${name}-identity`,
      {
        resourceGroupName: args.resourceGroupName,
        location: args.location,
        resourceName: `${args.clusterName}-control`,
        tags: args.tags,
      },
      { parent: this },
    );
    const contributor = (
      roleName: string,
      scope: pulumi.Input<string>,
    ): pulumi.Resource =>
      assignRole(
        roleName,
        {
          subscription: args.subscription,
          role: roles.networkContributor,
          principalId: identity.principalId,
          principalType: "ServicePrincipal",
          owner: args.clusterName,
          scope,
        },
        { parent: this },
      );
    return {
      id: identity.id,
      roles: [
        contributor(`${name}-network`, args.subnetId),
        ...args.outbound.map(({ id }, index) =>
          contributor(`${name}-outbound-${index + 1}`, id),
        ),
      ],
    };
  }

  private admin(
    name: string,
    { subscription, clusterName }: ClusterArgs,
    { kind, objectId }: Admin,
  ): pulumi.Resource {
    return assignRole(
      `${name}-admin-${objectId.slice(-12)}`,
      {
        subscription,
        role: roles.aksRbacClusterAdmin,
        principalId: objectId,
        principalType: kind === "user" ? "User" : "ServicePrincipal",
        owner: clusterName,
        scope: this.cluster.id,
      },
      { parent: this },
    );
  }
}

function placeOf(args: ClusterArgs) {
  return {
    resourceGroupName: args.resourceGroupName,
    location: args.location,
    resourceName: args.clusterName,
    nodeResourceGroup: `${args.clusterName}-nodes`,
    dnsPrefix: args.clusterName,
    kubernetesVersion: args.version,
    sku: { name: "Base", tier: args.agreed ? "Standard" : "Free" },
    tags: args.tags,
  };
}

function accessOf({ allow, tenant, admins, outbound }: ClusterArgs) {
  return {
    enableRBAC: true,
    disableLocalAccounts: true,
    aadProfile: {
      managed: true,
      enableAzureRBAC: true,
      tenantID: tenant,
      adminGroupObjectIDs: admins
        .filter(({ kind }) => kind === "group")
        .map(({ objectId }) => objectId),
    },
    apiServerAccessProfile:
      allow.length > 0
        ? {
            // Nodes reach it over the internet, too.
            authorizedIPRanges: [
              ...allow,
              ...outbound.map(
                ({ ipAddress }) => pulumi.interpolate`${ipAddress}/32`,
              ),
            ],
          }
        : { enablePrivateCluster: true },
  };
}

function networkOf({ network, outbound }: ClusterArgs) {
  return {
    networkProfile: {
      networkPlugin: "azure",
      networkPluginMode: "overlay",
      networkDataplane: "cilium",
      networkPolicy: "cilium",
      loadBalancerSku: "standard",
      outboundType: "loadBalancer",
      loadBalancerProfile: {
        outboundIPs: { publicIPs: outbound.map(({ id }) => ({ id })) },
        allocatedOutboundPorts: portsOfNode,
      },
      podCidr: network.pods,
      serviceCidr: network.services,
      dnsServiceIP: address(network.services, 10),
    },
  };
}

const services = {
  oidcIssuerProfile: { enabled: true },
  securityProfile: {
    workloadIdentity: { enabled: true },
    imageCleaner: { enabled: true, intervalHours: 168 },
  },
  storageProfile: { diskCSIDriver: { enabled: true } },
  autoUpgradeProfile: {
    upgradeChannel: "patch",
    nodeOSUpgradeChannel: "NodeImage",
  },
  autoScalerProfile: {
    expander: "least-waste",
    balanceSimilarNodeGroups: "true",
    skipNodesWithLocalStorage: "false",
    skipNodesWithSystemPods: "false",
    // A node that nobody needs is paid for until it goes.
    scaleDownUnneededTime: "2m",
    scaleDownDelayAfterAdd: "2m",
  },
};
