import * as eks from "@pulumi/aws/eks";
import * as pulumi from "@pulumi/pulumi";

import { eksAddons, type EksAddonName } from "../versions";
import { ServiceAccountRole, type TokenIssuer } from "./identity";

/** The cluster that add-ons go into. */
export interface AddonsArgs {
  readonly clusterName: pulumi.Input<string>;
  /** Minor version of Kubernetes, which the add-ons' versions go with. */
  readonly version: string;
  readonly issuer: TokenIssuer;
}

/** Add-ons that nodes need to become ready: pod network and service proxy. */
export class NodeAddons extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: AddonsArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:NodeAddons", name, {}, opts);
    const role = new ServiceAccountRole(
      `${name}-vpc-cni`,
      {
        issuer: args.issuer,
        serviceAccount: { namespace: "kube-system", name: "aws-node" },
        managedPolicies: ["AmazonEKS_CNI_Policy"],
      },
      { parent: this },
    );
    addon(this, name, "vpc-cni", args, {
      serviceAccountRoleArn: role.arn,
      configuration: {
        // Network policies are taken and do nothing otherwise.
        enableNetworkPolicy: "true",
        // By prefixes a node holds over a hundred pods instead of a few dozen.
        env: { ENABLE_PREFIX_DELEGATION: "true" },
      },
    });
    addon(this, name, "kube-proxy", args);
    this.registerOutputs({});
  }
}

/** Add-ons that run on nodes: cluster DNS, the disk driver and the metrics server. */
export class WorkloadAddons extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: AddonsArgs & { readonly tags: Readonly<Record<string, string>> },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:WorkloadAddons", name, {}, opts);
    const role = new ServiceAccountRole(
      `${name}-ebs-csi`,
      {
        issuer: args.issuer,
        serviceAccount: {
          namespace: "kube-system",
          name: "ebs-csi-controller-sa",
        },
        managedPolicies: ["service-role/AmazonEBSCSIDriverPolicy"],
      },
      { parent: this },
    );
    addon(this, name, "coredns", args);
    addon(this, name, "metrics-server", args);
    addon(this, name, "aws-ebs-csi-driver", args, {
      serviceAccountRoleArn: role.arn,
      configuration: {
        controller: { extraVolumeTags: args.tags },
        // On the node's own network it reaches the metadata service, which pods do not, and so counts the interfaces that
        // take the places of volumes.
        node: { hostNetwork: true },
      },
    });
    this.registerOutputs({});
  }
}

function addon(
  parent: pulumi.Resource,
  name: string,
  addonName: EksAddonName,
  { clusterName, version }: AddonsArgs,
  settings: {
    readonly serviceAccountRoleArn?: pulumi.Input<string>;
    readonly configuration?: object;
  } = {},
): eks.Addon {
  const { serviceAccountRoleArn, configuration } = settings;
  return new eks.Addon(
    `${name}-${addonName}`,
    {
      clusterName,
      addonName,
      addonVersion: eksAddons[version]?.[addonName],
      serviceAccountRoleArn,
      configurationValues: configuration && JSON.stringify(configuration),
      resolveConflictsOnCreate: "OVERWRITE",
      resolveConflictsOnUpdate: "OVERWRITE",
    },
    { parent },
  );
}
