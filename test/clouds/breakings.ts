import type { Cloud } from "./recordings";

/** An input that a cloud refuses, and what its model must say of it. */
export interface Breaking {
  readonly title: string;
  readonly cloud: Cloud;
  readonly type: string;
  readonly change: Readonly<Record<string, unknown>>;
  readonly finding: RegExp;
}

const statement = (action: string, resource: string) => ({
  policy: {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: [action], Resource: [resource] }],
  },
});

/** One of each kind of mistake, on each cloud: a judge that lets these through judges nothing. */
export const breakings: readonly Breaking[] = [
  {
    title: "image of nodes",
    cloud: "aws",
    type: "aws:eks/nodeGroup:NodeGroup",
    change: { amiType: "AL2023_sparc_STANDARD" },
    finding: /is none of AL2/,
  },
  {
    title: "machine",
    cloud: "aws",
    type: "aws:eks/nodeGroup:NodeGroup",
    change: { instanceTypes: ["m6z.large"] },
    finding: /does not offer m6z\.large/,
  },
  {
    title: "long label",
    cloud: "aws",
    type: "aws:eks/nodeGroup:NodeGroup",
    change: { labels: { pool: "x".repeat(64) } },
    finding: /has 64 characters/,
  },
  {
    title: "unknown input",
    cloud: "aws",
    type: "aws:eks/addon:Addon",
    change: { addonVersoin: "v1" },
    finding: /the model has no addonVersoin/,
  },
  {
    title: "long name of a role",
    cloud: "aws",
    type: "aws:iam/role:Role",
    change: { name: "r".repeat(65) },
    finding: /65 characters, the model takes 64/,
  },
  {
    title: "unknown action",
    cloud: "aws",
    type: "aws:iam/rolePolicy:RolePolicy",
    change: statement("s3:GetObjekt", "arn:aws:s3:::bucket/*"),
    finding: /no action s3:GetObjekt/,
  },
  {
    title: "action on another kind of resource",
    cloud: "aws",
    type: "aws:iam/rolePolicy:RolePolicy",
    change: statement("s3:GetObject", "arn:aws:s3:::bucket"),
    finding: /RESOURCE_MISMATCH/,
  },
  {
    title: "no role",
    cloud: "aws",
    type: "aws:eks/nodeGroup:NodeGroup",
    change: { nodeRoleArn: undefined },
    finding: /nodeRole is missing/,
  },
  {
    title: "location policy",
    cloud: "gcp",
    type: "gcp:container/nodePool:NodePool",
    change: { autoscaling: { locationPolicy: "SOME" } },
    finding: /'SOME' is none of/,
  },
  {
    title: "unknown setting of nodes",
    cloud: "gcp",
    type: "gcp:container/nodePool:NodePool",
    change: { nodeConfig: { diskTyp: "pd-ssd" } },
    finding: /the model has no diskTyp/,
  },
  {
    title: "size of disk",
    cloud: "gcp",
    type: "gcp:container/nodePool:NodePool",
    change: { nodeConfig: { diskSizeGb: "large" } },
    finding: /is no number/,
  },
  {
    title: "data path",
    cloud: "gcp",
    type: "gcp:container/cluster:Cluster",
    change: { datapathProvider: "FAST" },
    finding: /'FAST' is none of/,
  },
  {
    title: "unknown input of a pool",
    cloud: "azure",
    type: "azure-native:containerservice:AgentPool",
    change: { vmSiz: "Standard_D4s_v5" },
    finding: /the model has no vmSiz/,
  },
  {
    title: "priority",
    cloud: "azure",
    type: "azure-native:containerservice:AgentPool",
    change: { scaleSetPriority: "Low" },
    finding: /'Low' is none of Spot/,
  },
  {
    title: "expander",
    cloud: "azure",
    type: "azure-native:containerservice:ManagedCluster",
    change: { autoScalerProfile: { expander: "leastwaste" } },
    finding: /'leastwaste' is none of/,
  },
  {
    title: "redundancy",
    cloud: "azure",
    type: "azure-native:storage:StorageAccount",
    change: { sku: { name: "Standard_ZZRS" } },
    finding: /'Standard_ZZRS' is none of/,
  },
  {
    title: "type of a principal",
    cloud: "azure",
    type: "azure-native:authorization:RoleAssignment",
    change: { principalType: "Users" },
    finding: /'Users' is none of User/,
  },
  {
    title: "no principal",
    cloud: "azure",
    type: "azure-native:authorization:RoleAssignment",
    change: { principalId: undefined },
    finding: /principalId is missing/,
  },
  {
    title: "network of pods",
    cloud: "scaleway",
    type: "scaleway:kubernetes/cluster:Cluster",
    change: { cni: "weave" },
    finding: /'weave' is none of cilium/,
  },
  {
    title: "expander of the autoscaler",
    cloud: "scaleway",
    type: "scaleway:kubernetes/cluster:Cluster",
    change: { autoscalerConfig: { expander: "leastwaste" } },
    finding: /'leastwaste' is none of random/,
  },
  {
    title: "day of the upgrades",
    cloud: "scaleway",
    type: "scaleway:kubernetes/cluster:Cluster",
    change: {
      autoUpgrade: { enable: true, maintenanceWindowDay: "sundays" },
    },
    finding: /'sundays' is none of any/,
  },
  {
    title: "disk of nodes",
    cloud: "scaleway",
    type: "scaleway:kubernetes/pool:Pool",
    change: { rootVolumeType: "sbs_25k" },
    finding: /'sbs_25k' is none of l_ssd/,
  },
  {
    title: "effect of a taint",
    cloud: "scaleway",
    type: "scaleway:kubernetes/pool:Pool",
    change: { taints: [{ key: "a", value: "b", effect: "NoRun" }] },
    finding: /'no_run' is none of no_schedule/,
  },
  {
    title: "unknown input of a pool's machines",
    cloud: "scaleway",
    type: "scaleway:kubernetes/pool:Pool",
    change: { nodeTyp: "POP2-8C-32G" },
    finding: /the model has no nodeTyp/,
  },
  {
    title: "rule of the API",
    cloud: "scaleway",
    type: "scaleway:kubernetes/acl:Acl",
    change: { aclRules: [{ cidr: "203.0.113.0/24", description: "x" }] },
    finding: /the model has no cidr/,
  },
  {
    title: "right of an application",
    cloud: "scaleway",
    type: "scaleway:iam/policy:Policy",
    change: { rules: [{ permissionSets: ["ObjectStorageFullAccess"] }] },
    finding: /the model has no permissionSets/,
  },
];
