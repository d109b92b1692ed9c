import { computeEngine } from "../../infra/gke/rules";
import {
  azureSizes,
  regionsWithThreeZones,
  roles,
} from "../../infra/aks/rules";
import {
  ec2,
  regionsWithThreeZones as regionsOfEks,
} from "../../infra/eks/rules";
import { spotTypes } from "../../infra/eks/spot-types";
import type { Recorded } from "../support/recording-monitor";
import type { Verdict } from "./judge";
import type { Cloud, CloudRecording } from "./recordings";

/** Something that a cloud refuses or does otherwise than meant, by its documents; no published model holds it. */
export interface DocumentedRule {
  /** Number of the fault in the review that found it; above 27, of a target that came later. */
  readonly fault: number;
  readonly cloud: Cloud;
  readonly rule: string;
  readonly reference: string;
  /** Violations of the rule, in all variants of the cloud. */
  breaches(
    recordings: readonly CloudRecording[],
    verdict: Verdict,
  ): readonly string[];
}

const learn = "https://learn.microsoft.com";
const scalewayDocs = "https://www.scaleway.com/en/docs";
const eksGuide = "https://docs.aws.amazon.com/eks/latest/userguide";

/** A value by its path, or undefined. */
function at(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === "object" && inner !== null
          ? Reflect.get(inner, key)
          : undefined,
      value,
    );
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Breaches of a rule about single resources of a type. */
function each(
  type: string,
  breach: (resource: Recorded, recording: CloudRecording) => unknown,
): DocumentedRule["breaches"] {
  return (recordings) => {
    const found = recordings.flatMap((recording) =>
      recording.resources
        .filter((one) => one.type === type)
        .map((resource) => ({ resource, recording })),
    );
    // A rule about a type that is not there any more holds nothing.
    if (found.length === 0) return [`no ${type}`];
    return found
      .filter(({ resource, recording }) => Boolean(breach(resource, recording)))
      .map(
        ({ resource, recording }) => `${recording.variant}: ${resource.name}`,
      );
  };
}

/** Checks the types under which the cluster's administrators are sent, in the variant with one of each type. */
function typesOfPrincipals(resources: readonly Recorded[]): string[] {
  const id = (last: number) => `00000000-0000-4000-8000-00000000000${last}`;
  const cluster = resources.find(({ type }) => type === managedCluster);
  const groups = list(at(cluster?.inputs, "aadProfile.adminGroupObjectIDs"));
  const typeOf = (last: number) =>
    resources.find(
      ({ type, inputs }) =>
        type === roleAssignment && inputs["principalId"] === id(last),
    )?.inputs["principalType"];
  return [
    groups.join() === id(0) ? "group" : `groups: ${groups.join()}`,
    typeOf(1) === "User" ? "User" : `user: ${String(typeOf(1))}`,
    typeOf(2) === "ServicePrincipal"
      ? "ServicePrincipal"
      : `app: ${String(typeOf(2))}`,
  ];
}

/** Whether something is there first: on which the resource, or a component that it belongs to, depends. */
function comesAfter(
  resource: Recorded,
  first: string,
  recording: CloudRecording,
): boolean {
  if (resource.dependencies.some((urn) => urn.includes(first))) return true;
  const parent = recording.resources.find(({ urn }) => urn === resource.parent);
  return parent !== undefined && comesAfter(parent, first, recording);
}

function addon(
  name: string,
  breach: (configuration: unknown) => boolean,
): DocumentedRule["breaches"] {
  return each("aws:eks/addon:Addon", ({ inputs }) => {
    if (inputs["addonName"] !== name) return false;
    const text = inputs["configurationValues"];
    return breach(typeof text === "string" ? JSON.parse(text) : {});
  });
}

const nodeGroup = "aws:eks/nodeGroup:NodeGroup";
const managedCluster = "azure-native:containerservice:ManagedCluster";
const agentPool = "azure-native:containerservice:AgentPool";
const roleAssignment = "azure-native:authorization:RoleAssignment";
const dataAccess = "mlstack:index:AdlsAccess";
const dataRoles = [roles.blobDataReader, roles.blobDataContributor];
const nodePool = "gcp:container/nodePool:NodePool";

/** Actions that a bucket policy of Scaleway may allow, out of those that the program uses. */
const bucketActions = [
  ...["s3:*", "s3:GetBucketLocation", "s3:ListBucket"],
  ...["s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts"],
  ...["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject"],
  "s3:PutObject",
];

/** Permission sets of Scaleway, of those that a workload may need. */
const permissionSets = [
  ...["ObjectStorageBucketsRead", "ObjectStorageObjectsRead"],
  ...["ObjectStorageObjectsWrite", "ObjectStorageObjectsDelete"],
  "ContainerRegistryReadOnly",
];

const hasGpu = (type: unknown) => (ec2.machine(String(type))?.gpus ?? 0) > 0;
const azureGpu = (type: unknown) =>
  (azureSizes.machine(String(type))?.gpus ?? 0) > 0;

/** Whether a cluster of Azure has fewer ports on its addresses than its nodes ask for. */
function portsShort(resources: readonly Recorded[]): boolean {
  const cluster = resources.find(({ type }) => type === managedCluster);
  const profile = "networkProfile.loadBalancerProfile";
  const pools = [
    ...list(at(cluster?.inputs, "agentPoolProfiles")),
    ...resources
      .filter(({ type }) => type === agentPool)
      .map(({ inputs }) => inputs),
  ];
  const nodes = pools.map((pool) => {
    const most = Number(at(pool, "maxCount"));
    const surge = String(at(pool, "upgradeSettings.maxSurge") ?? "0%");
    return most + Math.ceil((most * Number.parseInt(surge)) / 100);
  });
  const asked =
    nodes.reduce((sum, each) => sum + each, 0) *
    Number(at(cluster?.inputs, `${profile}.allocatedOutboundPorts`));
  const addresses = list(
    at(cluster?.inputs, `${profile}.outboundIPs.publicIPs`),
  );
  return !(asked > 0 && asked <= addresses.length * 64_000);
}

/** Address that the stand-in gives a stack of Azure. */
const firstAddress = "198.51.100.1";

/** Series whose disks are Hyperdisks and no others. */
const hyperdiskOnly = /^(c4|c4a|c4d|n4|n4a|n4d|a3-ultragpu|a4|a4x|h4d|m4|x4)-/;

/** Zones that EKS makes no control plane in. */
const refusedZones = ["use1-az3", "usw1-az2", "cac1-az3"];

/** Regions where standard accounts are replicated over zones, of those that a stack may name. */
const withZoneRedundantStorage = [
  ...["southafricanorth", "australiaeast", "centralindia", "eastasia"],
  ...["japaneast", "koreacentral", "southeastasia", "francecentral"],
  ...["germanywestcentral", "italynorth", "northeurope", "norwayeast"],
  ...["polandcentral", "spaincentral", "swedencentral", "switzerlandnorth"],
  ...["uksouth", "westeurope", "israelcentral", "qatarcentral", "uaenorth"],
  ...["canadacentral", "centralus", "eastus", "eastus2", "mexicocentral"],
  ...["southcentralus", "westus2", "westus3", "brazilsouth"],
];

/** Types of which a spot pool takes others beside. */
const spotExamples = ["m7i", "c7i", "r7i", "m6i", "c6a", "r5a"].flatMap(
  (family) => [`${family}.large`, `${family}.4xlarge`, `${family}.16xlarge`],
);

/** Alternative instance types that spot pools request in each region, beside the one that the stack names. */
export const spotQuestions = regionsOfEks.map((region) => ({
  region,
  types: [
    ...new Set(
      spotExamples.flatMap((type) => spotTypes(type, region).slice(1)),
    ),
  ],
}));

/** Everything that the clouds' documents say and their models do not, as far as it has been got wrong here. */
export const documentedRules: readonly DocumentedRule[] = [
  {
    fault: 1,
    cloud: "azure",
    rule: "nodes reach an API server that is open to named ranges only by the address that they leave by, which must be among them",
    reference: `${learn}/azure/aks/api-server-authorized-ip-ranges`,
    breaches: each(managedCluster, ({ inputs }) => {
      const ranges = list(
        at(inputs, "apiServerAccessProfile.authorizedIPRanges"),
      );
      return ranges.length > 0 && !ranges.includes(`${firstAddress}/32`);
    }),
  },
  {
    fault: 2,
    cloud: "azure",
    rule: "names of role assignments are unique in the tenant, whatever their scope",
    reference: `${learn}/azure/role-based-access-control/troubleshooting`,
    breaches: (recordings) => {
      const names = (variant: string) =>
        recordings
          .filter((recording) => recording.variant === variant)
          .flatMap(({ resources }) => resources)
          .filter(({ type }) => type === roleAssignment)
          .map(({ inputs }) => String(inputs["roleAssignmentName"]));
      // Two stacks from one file.
      const taken = new Set(names("base"));
      if (taken.size === 0) return ["no role assignment"];
      return names("short").filter((name) => taken.has(name));
    },
  },
  {
    fault: 3,
    cloud: "azure",
    rule: "the type of a principal is the directory's: a group is no user",
    reference: `${learn}/azure/role-based-access-control/role-assignments-rest`,
    // The stack's file names a group.
    breaches: (recordings, verdict) => [
      ...each(
        roleAssignment,
        ({ inputs }, { variant }) =>
          inputs["principalType"] === "User" && variant !== "people",
      )(recordings, verdict),
      ...recordings
        .filter(({ variant }) => variant === "people")
        .flatMap(({ resources }) => typesOfPrincipals(resources))
        .filter(
          (type) => !["group", "User", "ServicePrincipal"].includes(type),
        ),
    ],
  },
  {
    fault: 4,
    cloud: "azure",
    rule: "roles take minutes to spread, so what uses them waits until it is let in",
    reference: `${learn}/azure/aks/entra-id-authorization`,
    breaches: each(
      "mlstack:index:Teardown",
      ({ inputs }) => inputs["awaitAccess"] !== true,
    ),
  },
  {
    fault: 5,
    cloud: "aws",
    rule: "the one that makes a cluster has an access entry from EKS, unless that is switched off, and none can be made beside it",
    reference: `${eksGuide}/access-entries.html`,
    breaches: (recordings, verdict) => [
      ...each("aws:eks/cluster:Cluster", ({ inputs }) =>
        at(inputs, "accessConfig.bootstrapClusterCreatorAdminPermissions"),
      )(recordings, verdict),
      ...recordings.flatMap(({ variant, resources }) => {
        const entries = resources
          .filter(({ type }) => type === "aws:eks/accessEntry:AccessEntry")
          .map(({ inputs }) => String(inputs["principalArn"]));
        const lacks = entries.length > 0 ? [] : [`${variant}: nobody enters`];
        return new Set(entries).size === entries.length
          ? lacks
          : [`${variant}: ${entries.join()}`];
      }),
    ],
  },
  {
    fault: 7,
    cloud: "aws",
    rule: "a group of nodes is refused when its region lacks one of its machines",
    reference:
      "https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3648",
    breaches: (_recordings, { unoffered }) =>
      unoffered.map(({ region, type }) => `${region} ${type}`),
  },
  {
    fault: 8,
    cloud: "azure",
    rule: "a pool fails in a zone that lacks its size, and most sizes with GPUs are not in all three",
    reference: `${learn}/azure/aks/reliability-availability-zones-configure`,
    breaches: each(
      agentPool,
      ({ inputs }) =>
        azureGpu(inputs["vmSize"]) &&
        list(inputs["availabilityZones"]).length > 1,
    ),
  },
  {
    fault: 9,
    cloud: "aws",
    rule: "a group fails where a zone lacks its machine, so pools with GPUs go where the stack says that theirs are",
    reference: "https://github.com/eksctl-io/eksctl/issues/6461",
    breaches: each(
      nodeGroup,
      ({ inputs }, { variant }) =>
        variant === "people" &&
        hasGpu(list(inputs["instanceTypes"])[0]) &&
        list(inputs["subnetIds"]).length !== 1,
    ),
  },
  {
    fault: 10,
    cloud: "aws",
    rule: "a NAT gateway and its address come after the internet gateway, and go before it",
    reference:
      "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html",
    breaches: (recordings, verdict) =>
      ["aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"].flatMap((type) =>
        each(
          type,
          ({ dependencies }) =>
            !dependencies.some((urn) => urn.includes("InternetGateway::")),
        )(recordings, verdict),
      ),
  },
  {
    fault: 11,
    cloud: "gcp",
    rule: "newer series take Hyperdisks only",
    reference:
      "https://cloud.google.com/kubernetes-engine/docs/concepts/hyperdisk",
    breaches: each(
      nodePool,
      ({ inputs }) =>
        hyperdiskOnly.test(String(at(inputs, "nodeConfig.machineType"))) &&
        !String(at(inputs, "nodeConfig.diskType")).startsWith("hyperdisk"),
    ),
  },
  {
    fault: 12,
    cloud: "aws",
    rule: "network policies are enforced only where the add-on is told to",
    reference: `${eksGuide}/cni-network-policy-configure.html`,
    breaches: addon(
      "vpc-cni",
      (configuration) => at(configuration, "enableNetworkPolicy") !== "true",
    ),
  },
  {
    fault: 13,
    cloud: "aws",
    rule: "a group's bounds change without the number of nodes that its resource remembers, which EKS takes for an order",
    reference:
      "https://github.com/terraform-aws-modules/terraform-aws-eks/issues/748",
    breaches: each(nodeGroup, (group, { resources }) => {
      const size = resources.find(
        ({ type, name }) =>
          type === "mlstack:index:NodeGroupSize" &&
          name === `${group.name}-size`,
      );
      const bounds = ["minSize", "maxSize"].map((key) =>
        at(group.inputs, `scalingConfig.${key}`),
      );
      return (
        !group.ignoreChanges.includes("scalingConfig") ||
        bounds.join() !== [size?.inputs["min"], size?.inputs["max"]].join() ||
        size?.dependencies.includes(group.urn) !== true
      );
    }),
  },
  {
    fault: 14,
    cloud: "aws",
    rule: "EKS writes on while a cluster goes, and makes the group of its logs again, so the group goes last",
    reference:
      "https://github.com/terraform-aws-modules/terraform-aws-eks/issues/920",
    breaches: each(
      "aws:ec2/vpc:Vpc",
      (resource, recording) => !comesAfter(resource, "LogGroup::", recording),
    ),
  },
  {
    fault: 15,
    cloud: "azure",
    rule: "the pool that a cluster is made with cannot be renamed or resized, so it is none of the stack's",
    reference: "https://github.com/pulumi/pulumi-azure-native/issues/2719",
    breaches: (recordings) => {
      const pools = recordings.flatMap(({ resources }) =>
        resources
          .filter(({ type }) => type === managedCluster)
          .map(({ inputs }) => {
            const [first] = list(inputs["agentPoolProfiles"]);
            return `${String(at(first, "name"))} ${String(at(first, "vmSize"))}`;
          }),
      );
      // The stacks' own pools differ in names and sizes.
      const kinds = [...new Set(pools)];
      return kinds.length === 1 ? [] : kinds;
    },
  },
  {
    fault: 16,
    cloud: "azure",
    rule: "roles on data and federated credentials are known minutes later, so whatever uses them waits until it is let in",
    reference: `${learn}/azure/role-based-access-control/troubleshooting`,
    breaches: (recordings, verdict) => [
      ...each(
        roleAssignment,
        ({ urn, inputs }, { resources }) =>
          dataRoles.some((role) =>
            String(inputs["roleDefinitionId"]).endsWith(role),
          ) &&
          !resources.some(
            ({ type, dependencies }) =>
              type === dataAccess && dependencies.includes(urn),
          ),
      )(recordings, verdict),
      ...each(
        "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication",
        ({ dependencies }) =>
          !dependencies.some((urn) => urn.includes(`${dataAccess}::`)),
      )(recordings, verdict),
    ],
  },
  {
    fault: 17,
    cloud: "aws",
    rule: "images are built for one architecture, x86-64, so machines of another are refused",
    reference: "https://docs.aws.amazon.com/ec2/latest/instancetypes/",
    breaches: (_recordings, { instanceTypes }) =>
      instanceTypes.filter(
        (type) =>
          /^(?:a1|[a-z]+\d+g[a-z]*)\./.test(type) &&
          ec2.machine(type) !== undefined,
      ),
  },
  {
    fault: 17,
    cloud: "gcp",
    rule: "GKE taints nodes of another architecture than x86-64, and nothing here tolerates that",
    reference:
      "https://cloud.google.com/kubernetes-engine/docs/how-to/prepare-arm-workloads-for-deployment",
    breaches: () =>
      ["t2a-standard-4", "c4a-standard-4", "n4a-standard-4"].filter(
        (type) => computeEngine.machine(type) !== undefined,
      ),
  },
  {
    fault: 17,
    cloud: "azure",
    rule: "images are built for one architecture, x86-64, so machines of another are refused",
    reference: `${learn}/azure/virtual-machines/vm-naming-conventions`,
    breaches: () =>
      [
        ...["Standard_D4ps_v5", "Standard_D4pds_v5", "Standard_E4ps_v5"],
        ...["Standard_D4pls_v6", "Standard_B4ps_v2"],
      ].filter((size) => azureSizes.machine(size) !== undefined),
  },
  {
    fault: 18,
    cloud: "aws",
    rule: "a pod goes where its volume is, so the autoscaler must be able to grow a group in that zone",
    reference: `${eksGuide}/managed-node-groups.html`,
    // Interruptible and accelerated nodes hold no volumes.
    breaches: each(
      nodeGroup,
      ({ inputs }) =>
        inputs["capacityType"] === "ON_DEMAND" &&
        !hasGpu(list(inputs["instanceTypes"])[0]) &&
        list(inputs["subnetIds"]).length > 1,
    ),
  },
  {
    fault: 19,
    cloud: "aws",
    rule: "a new version of a launch template replaces every node, so who owns a stack and until when is not in it",
    reference: `${eksGuide}/launch-templates.html`,
    breaches: (recordings) => {
      const templates = (variant: string) =>
        JSON.stringify(
          recordings
            .filter((recording) => recording.variant === variant)
            .flatMap(({ resources }) => resources)
            .filter(({ type }) => type.startsWith("aws:ec2/launchTemplate"))
            .map(({ name, inputs }) => [name, inputs]),
        );
      return templates("base") === templates("owner") ? [] : ["owner"];
    },
  },
  {
    fault: 20,
    cloud: "aws",
    rule: "EKS takes no subnet in some zones, whose letters differ between accounts; their IDs do not",
    reference: `${eksGuide}/network-reqs.html`,
    breaches: each("aws:ec2/subnet:Subnet", ({ inputs }) => {
      const zone = inputs["availabilityZoneId"];
      return typeof zone !== "string" || refusedZones.includes(zone);
    }),
  },
  {
    fault: 21,
    cloud: "azure",
    rule: "accounts that are replicated over zones are to be had in some regions",
    reference: `${learn}/azure/storage/common/redundancy-regions-zrs`,
    breaches: () =>
      regionsWithThreeZones.filter(
        (region) => !withZoneRedundantStorage.includes(region),
      ),
  },
  {
    fault: 22,
    cloud: "aws",
    rule: "the autoscaler orders node after node while a GPU is not there yet, unless a label says that it will be",
    reference:
      "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md",
    breaches: each(
      nodeGroup,
      ({ inputs }) =>
        hasGpu(list(inputs["instanceTypes"])[0]) &&
        !Object.keys((inputs["labels"] ?? {}) as object).includes(
          "k8s.amazonaws.com/accelerator",
        ),
    ),
  },
  {
    fault: 23,
    cloud: "azure",
    rule: "a NAT gateway of the first kind is in one zone, and so is a load balancer whose address is",
    reference: `${learn}/azure/reliability/reliability-load-balancer`,
    breaches: (recordings, verdict) => [
      // azure-native makes none of the second kind.
      ...each(
        managedCluster,
        ({ inputs }) =>
          at(inputs, "networkProfile.outboundType") !== "loadBalancer",
      )(recordings, verdict),
      ...each(
        "azure-native:network:PublicIPAddress",
        ({ inputs }) => list(inputs["zones"]).length < 3,
      )(recordings, verdict),
    ],
  },
  {
    fault: 23,
    cloud: "azure",
    rule: "an address has 64,000 ports for the nodes behind it, those of an upgrade included; a node that gets none is not added",
    reference: `${learn}/azure/aks/configure-load-balancer-standard`,
    breaches: (recordings) =>
      recordings
        .filter(({ resources }) => portsShort(resources))
        .map(({ variant }) => variant),
  },
  {
    fault: 24,
    cloud: "azure",
    rule: "a system pool has two nodes or more, of four processors or more, and not of the B series",
    reference: `${learn}/azure/aks/use-system-pools`,
    breaches: each(managedCluster, ({ inputs }) => {
      const [pool] = list(inputs["agentPoolProfiles"]);
      const size = String(at(pool, "vmSize"));
      const cores = azureSizes.size(size)?.cores ?? 0;
      return (
        Number(at(pool, "minCount")) < 2 ||
        cores < 4 ||
        size.startsWith("Standard_B")
      );
    }),
  },
  {
    fault: 25,
    cloud: "aws",
    rule: "an accelerated machine is no CPU machine, and a bare or foreign one none for this image",
    reference: "https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html",
    breaches: (_recordings, { instanceTypes }) =>
      instanceTypes.filter(
        (type) =>
          /^(p\d|g\d|gr\d|trn|inf|dl|vt|f\d|mac|a1)/.test(type) &&
          ec2.machine(type)?.gpus === 0,
      ),
  },
  {
    fault: 26,
    cloud: "aws",
    rule: "the EBS driver counts attached interfaces only where it reaches the metadata service, one hop away",
    reference:
      "https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/install.md",
    breaches: addon(
      "aws-ebs-csi-driver",
      (configuration) =>
        at(configuration, "node.hostNetwork") !== true &&
        at(configuration, "node.reservedVolumeAttachments") === undefined,
    ),
  },
  {
    fault: 1,
    cloud: "scaleway",
    rule: "the address that nodes leave by is among those that reach the API",
    reference: `${scalewayDocs}/kubernetes/reference-content/secure-cluster-with-private-network/`,
    breaches: each(
      "scaleway:kubernetes/acl:Acl",
      ({ inputs }, { resources }) =>
        resources.some(
          ({ type }) =>
            type === "scaleway:network/publicGatewayIp:PublicGatewayIp",
        ) &&
        !list(inputs["aclRules"]).some(
          (rule) => at(rule, "ip") === "198.51.100.9/32",
        ),
    ),
  },
  {
    fault: 10,
    cloud: "scaleway",
    rule: "nodes without public addresses come after their way out",
    reference: `${scalewayDocs}/kubernetes/reference-content/secure-cluster-with-private-network/`,
    breaches: each(
      "scaleway:kubernetes/pool:Pool",
      (resource, recording) =>
        resource.inputs["publicIpDisabled"] === true &&
        !comesAfter(resource, "GatewayNetwork::", recording),
    ),
  },
  {
    fault: 28,
    cloud: "scaleway",
    rule: "a bucket's policy has actions that are documented, its bucket and its objects, and its version is the current one",
    reference: `${scalewayDocs}/object-storage/api-cli/bucket-policy/`,
    breaches: each(
      "scaleway:object/bucketPolicy:BucketPolicy",
      ({ inputs }) => {
        const policy: unknown = JSON.parse(String(inputs["policy"]));
        const bucket = String(inputs["bucket"]);
        return (
          at(policy, "Version") !== "2023-04-17" ||
          list(at(policy, "Statement")).some(
            (statement) =>
              list(at(statement, "Action")).some(
                (action) => !bucketActions.includes(String(action)),
              ) ||
              list(at(statement, "Resource")).join() !==
                `${bucket},${bucket}/*` ||
              list(at(statement, "Principal.SCW")).some(
                (one) => !/^(user|application)_id:\S+$/.test(String(one)),
              ),
          )
        );
      },
    ),
  },
  {
    fault: 29,
    cloud: "scaleway",
    rule: "a right of an application is one of IAM's permission sets",
    reference: `${scalewayDocs}/iam/reference-content/permission-sets/`,
    breaches: each("scaleway:iam/policy:Policy", ({ inputs }) =>
      list(inputs["rules"]).some((rule) =>
        list(at(rule, "permissionSetNames")).some(
          (name) => !permissionSets.includes(String(name)),
        ),
      ),
    ),
  },
];
