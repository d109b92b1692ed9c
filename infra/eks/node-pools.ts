import * as ec2 from "@pulumi/aws/ec2";
import * as eks from "@pulumi/aws/eks";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";

import { nameFor } from "../name-limits";
import { poolLabels, poolTaints } from "../placement";
import type { NodePool } from "../platform";
import { serviceTrust } from "./cluster";
import { amiType, spotTypes, taintEffects } from "./rules";

/** What the pools of a cluster share. */
export interface NodePoolsArgs {
  readonly clusterName: pulumi.Input<string>;
  readonly version: string;
  readonly subnetIds: readonly pulumi.Input<string>[];
  readonly pools: readonly NodePool[];
  /** Default tags of a provider do not reach what a launch template makes. */
  readonly tags: Readonly<Record<string, string>>;
  readonly diskGiB: number;
}

/** Managed node groups, one a pool, that the cluster autoscaler sizes between their bounds. */
export class EksNodePools extends pulumi.ComponentResource {
  readonly role: iam.Role;
  readonly groups: readonly eks.NodeGroup[];

  constructor(
    name: string,
    args: NodePoolsArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:EksNodePools", name, {}, opts);
    this.role = new iam.Role(
      nameFor("aws:Role", name, "role"),
      { assumeRolePolicy: serviceTrust("ec2.amazonaws.com") },
      { parent: this },
    );
    const policies = [
      "AmazonEKSWorkerNodePolicy",
      "AmazonEC2ContainerRegistryPullOnly",
    ].map(
      (policy) =>
        new iam.RolePolicyAttachment(
          `${name}-${policy}`,
          {
            role: this.role.name,
            policyArn: `arn:aws:iam::aws:policy/${policy}`,
          },
          { parent: this },
        ),
    );
    this.groups = args.pools.map((pool) =>
      this.group(
        nameFor("aws:NodeGroup", `${name}-${pool.name}`),
        pool,
        args,
        policies,
      ),
    );
    this.registerOutputs({});
  }

  private group(
    name: string,
    pool: NodePool,
    args: NodePoolsArgs,
    policies: readonly pulumi.Resource[],
  ): eks.NodeGroup {
    const template = this.template(name, args);
    const type = pool.machineType ?? "";
    return new eks.NodeGroup(
      name,
      {
        clusterName: args.clusterName,
        version: args.version,
        nodeRoleArn: this.role.arn,
        subnetIds: [...args.subnetIds],
        amiType: amiType(type, pool.gpu !== undefined),
        capacityType: pool.spot ? "SPOT" : "ON_DEMAND",
        instanceTypes: pool.spot ? [...spotTypes(type)] : [type],
        launchTemplate: {
          id: template.id,
          version: pulumi.interpolate`${template.latestVersion}`,
        },
        scalingConfig: {
          minSize: pool.min,
          maxSize: pool.max,
          desiredSize: pool.min,
        },
        updateConfig: { maxUnavailable: 1 },
        nodeRepairConfig: { enabled: true },
        labels: poolLabels(pool),
        taints: poolTaints(pool).map((taint) => ({
          ...taint,
          effect: taintEffects[taint.effect],
        })),
      },
      {
        parent: this,
        dependsOn: [...policies],
        // The autoscaler's to decide.
        ignoreChanges: ["scalingConfig.desiredSize"],
      },
    );
  }

  private template(name: string, args: NodePoolsArgs): ec2.LaunchTemplate {
    return new ec2.LaunchTemplate(
      name,
      {
        // Pods are one hop further from the metadata service than the node, and so cannot take on its role.
        metadataOptions: {
          httpEndpoint: "enabled",
          httpTokens: "required",
          httpPutResponseHopLimit: 1,
        },
        blockDeviceMappings: [
          {
            deviceName: "/dev/xvda",
            ebs: {
              volumeType: "gp3",
              volumeSize: args.diskGiB,
              encrypted: "true",
              deleteOnTermination: "true",
            },
          },
        ],
        tagSpecifications: ["instance", "volume", "network-interface"].map(
          (resourceType) => ({
            resourceType,
            tags: { ...args.tags, Name: name },
          }),
        ),
      },
      { parent: this },
    );
  }
}
