import * as ec2 from "@pulumi/aws/ec2";
import * as eks from "@pulumi/aws/eks";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";

import { nameWithin } from "../names/name-limits";
import { poolLabels, poolTaints, spotTaints } from "../pools/placement";
import type { NodePool } from "../platform";
import { serviceTrust } from "./cluster";
import { NodeGroupSize } from "./node-group-size";
import { amiType, ec2 as machines, taintEffects } from "./rules";
import { spotTypes } from "./spot-types";
import { nameLimits } from "./name-limits";

/** A subnet, and the ID of its zone. */
export interface ZonedSubnet {
  readonly id: pulumi.Input<string>;
  readonly zone: string;
}

/** Arguments common to a cluster's node pools. */
export interface NodePoolsArgs {
  readonly clusterName: pulumi.Input<string>;
  readonly version: string;
  readonly region: string;
  readonly subnets: readonly ZonedSubnet[];
  /** Zones of the pools with GPUs; all of them where there are none. */
  readonly gpuZones?: readonly string[];
  readonly pools: readonly NodePool[];
  /** Tags of the machines, which the provider's do not reach; a change of them replaces all of these. */
  readonly tags: Readonly<Record<string, string>>;
  readonly diskGiB: number;
}

/** A managed node group of a pool: where, and between which bounds. */
interface Group extends Pick<NodePool, "min" | "max"> {
  /** Suffix of the node group's name after the pool's. */
  readonly suffix?: string;
  readonly subnets: readonly ZonedSubnet[];
}

/**
 * The groups of a pool. A volume stays in its zone, and the autoscaler cannot ask a group of several zones for a node
 * in one of them; so pools that hold volumes have a group a zone, and share their bounds among these. Interruptible and
 * accelerated nodes hold none, and are taken wherever there is one.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
 */
export function groupsOf(
  pool: NodePool,
  subnets: readonly ZonedSubnet[],
  gpuZones?: readonly string[],
): readonly Group[] {
  const { min, max } = pool;
  if (pool.gpu && gpuZones) {
    const there = subnets.filter(({ zone }) => gpuZones.includes(zone));
    return [{ min, max, subnets: there }];
  }
  if (pool.gpu || pool.spot) return [{ min, max, subnets }];
  const share = (total: number, index: number) =>
    Math.floor((total + subnets.length - 1 - index) / subnets.length);
  return subnets.flatMap((subnet, index) =>
    share(max, index) === 0
      ? []
      : [
          {
            suffix: subnet.zone,
            subnets: [subnet],
            min: share(min, index),
            max: share(max, index),
          },
        ],
  );
}

/** Managed node groups that the cluster autoscaler sizes between their bounds. */
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
      nameWithin(nameLimits.Role, name, "role"),
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
    this.groups = args.pools.flatMap((pool) => {
      const poolName = nameWithin(
        nameLimits.LaunchTemplate,
        `${name}-${pool.name}`,
      );
      const template = this.template(poolName, args);
      return groupsOf(pool, args.subnets, args.gpuZones).map((group) =>
        this.group(
          nameWithin(
            nameLimits.NodeGroup,
            `${name}-${pool.name}`,
            group.suffix,
          ),
          { pool, group, template },
          args,
          policies,
        ),
      );
    });
    this.registerOutputs({});
  }

  private group(
    name: string,
    {
      pool,
      group,
      template,
    }: { pool: NodePool; group: Group; template: ec2.LaunchTemplate },
    args: NodePoolsArgs,
    policies: readonly pulumi.Resource[],
  ): eks.NodeGroup {
    const type = pool.machineType ?? "";
    const nodes = new eks.NodeGroup(
      name,
      {
        clusterName: args.clusterName,
        version: args.version,
        nodeRoleArn: this.role.arn,
        subnetIds: group.subnets.map(({ id }) => id),
        amiType: amiType(pool.gpu !== undefined),
        capacityType: pool.spot ? "SPOT" : "ON_DEMAND",
        instanceTypes: pool.spot ? [...spotTypes(type, args.region)] : [type],
        launchTemplate: {
          id: template.id,
          version: pulumi.interpolate`${template.latestVersion}`,
        },
        scalingConfig: {
          minSize: group.min,
          maxSize: group.max,
          desiredSize: group.min,
        },
        updateConfig: { maxUnavailable: 1 },
        nodeRepairConfig: { enabled: true },
        labels: { ...poolLabels(pool), ...gpuLabel(type) },
        taints: [...poolTaints(pool), ...spotTaints(pool)].map((taint) => ({
          ...taint,
          effect: taintEffects[taint.effect],
        })),
      },
      {
        parent: this,
        dependsOn: [...policies],
        // The sizes at creation. NodeGroupSize applies later changes.
        ignoreChanges: ["scalingConfig"],
      },
    );
    new NodeGroupSize(
      `${name}-size`,
      {
        region: args.region,
        cluster: args.clusterName,
        group: nodes.nodeGroupName,
        min: group.min,
        max: group.max,
      },
      { parent: this },
    );
    return nodes;
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

/**
 * Tells the autoscaler that a node will have GPUs, before its driver has said so; it would order another one meanwhile.
 *
 * @see https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
 */
function gpuLabel(type: string): Record<string, string> {
  const gpuType = machines.machine(type)?.gpuType;
  return gpuType === undefined
    ? {}
    : { "k8s.amazonaws.com/accelerator": gpuType };
}
