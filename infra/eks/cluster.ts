import * as eks from "@pulumi/aws/eks";
import * as iam from "@pulumi/aws/iam";
import * as kms from "@pulumi/aws/kms";
import * as pulumi from "@pulumi/pulumi";

import { nameWithin } from "../names/name-limits";
import type { TokenIssuer } from "./identity";
import { nameLimits } from "./name-limits";

/** Arguments of the control plane. */
export interface ClusterArgs {
  readonly clusterName: string;
  readonly version: string;
  readonly subnetIds: readonly pulumi.Input<string>[];
  readonly serviceCidr: string;
  /** Ranges that reach the API over the internet; with none it answers inside the VPC only. */
  readonly allow: readonly string[];
  /** IAM principals that administer the cluster, each once. */
  readonly admins: readonly string[];
}

/** A control plane: logged, its secrets encrypted with a key of its own, entered by IAM access entries. */
export class EksCluster extends pulumi.ComponentResource {
  readonly cluster: eks.Cluster;
  readonly issuer: TokenIssuer;

  constructor(
    name: string,
    args: ClusterArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:EksCluster", name, {}, opts);
    const role = this.role(name);
    const key = this.secretsKey(name);
    this.cluster = new eks.Cluster(
      `${name}-cluster`,
      {
        ...controlPlane(args),
        roleArn: role.arn,
        encryptionConfig: {
          provider: { keyArn: key.arn },
          resources: ["secrets"],
        },
      },
      { parent: this, dependsOn: role.policies },
    );
    this.issuer = this.tokenIssuer(name);
    args.admins.forEach((arn, index) => this.admin(`${name}-${index}`, arn));
    this.registerOutputs({ clusterName: this.cluster.name });
  }

  private role(name: string) {
    const role = new iam.Role(
      nameWithin(nameLimits.Role, name, "role"),
      { assumeRolePolicy: serviceTrust("eks.amazonaws.com") },
      { parent: this },
    );
    // EKS removes its network interfaces with this policy, so it must outlive the cluster.
    const policy = new iam.RolePolicyAttachment(
      `${name}-policy`,
      {
        role: role.name,
        policyArn: "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
      },
      { parent: this },
    );
    return { arn: role.arn, policies: [policy] };
  }

  private secretsKey(name: string): kms.Key {
    const key = new kms.Key(
      `${name}-secrets`,
      {
        description: `Kubernetes secrets of ${name}`,
        enableKeyRotation: true,
        deletionWindowInDays: 7,
      },
      { parent: this },
    );
    new kms.Alias(
      `${name}-secrets`,
      { name: `alias/${name}-secrets`, targetKeyId: key.keyId },
      { parent: this },
    );
    return key;
  }

  private tokenIssuer(name: string): TokenIssuer {
    const url = this.cluster.identities.apply(
      ([identity]) => identity?.oidcs[0]?.issuer ?? "",
    );
    // IAM trusts EKS by its certificate authority since 2024; a thumbprint would only go stale.
    const provider = new iam.OpenIdConnectProvider(
      `${name}-issuer`,
      { url, clientIdLists: ["sts.amazonaws.com"] },
      { parent: this },
    );
    return {
      arn: provider.arn,
      host: url.apply((issuer) => issuer.replace("https://", "")),
    };
  }

  private admin(name: string, principalArn: string): void {
    const clusterName = this.cluster.name;
    const entry = new eks.AccessEntry(
      `${name}-admin`,
      { clusterName, principalArn },
      { parent: this },
    );
    new eks.AccessPolicyAssociation(
      `${name}-admin`,
      {
        clusterName,
        principalArn,
        policyArn:
          "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        accessScope: { type: "cluster" },
      },
      { parent: this, dependsOn: entry },
    );
  }
}

function controlPlane(args: ClusterArgs) {
  return {
    name: args.clusterName,
    version: args.version,
    // The add-ons are resources of the program, with roles of their own.
    bootstrapSelfManagedAddons: false,
    accessConfig: {
      authenticationMode: "API",
      // The entries of the administrators are all there are: EKS would make one for whoever runs this first, and refuse
      // a second one for the same principal.
      bootstrapClusterCreatorAdminPermissions: false,
    },
    enabledClusterLogTypes: [
      "api",
      "audit",
      "authenticator",
      "controllerManager",
      "scheduler",
    ],
    kubernetesNetworkConfig: { serviceIpv4Cidr: args.serviceCidr },
    upgradePolicy: { supportType: "STANDARD" },
    vpcConfig: {
      subnetIds: [...args.subnetIds],
      endpointPrivateAccess: true,
      endpointPublicAccess: args.allow.length > 0,
      ...(args.allow.length > 0 && { publicAccessCidrs: [...args.allow] }),
    },
  };
}

/** Lets a service of AWS take on a role. */
export function serviceTrust(service: string): iam.PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: service },
        Action: "sts:AssumeRole",
      },
    ],
  };
}
