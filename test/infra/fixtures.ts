import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { TargetKind } from "../../infra";
import { aks } from "../../infra/aks";
import { roles } from "../../infra/aks/rules";
import { subscription } from "../../infra/aks/stand-in";
import { eks } from "../../infra/eks";
import { account } from "../../infra/eks/stand-in";
import { existing } from "../../infra/existing";
import { gke } from "../../infra/gke";
import { project } from "../../infra/gke/stand-in";
import { kapsule } from "../../infra/kapsule";
import { project as scalewayProject } from "../../infra/kapsule/stand-in";
import { local } from "../../infra/local";
import { clusterSchema } from "../../infra/local/inputs";
import { Layout, placeNodes } from "../../infra/local/layout";
import { kubeletConfig, nodeDaemons } from "../../infra/local/node";
import { onprem } from "../../infra/onprem";
import { gpuTaint, poolLabel, type Taint } from "../../infra/pools/placement";
import type { NodePool, Platform } from "../../infra/platform";
import type { Lifetime, Tags } from "../../infra/target";
import type { Recorded, Recording } from "../support/recording-monitor";

/** How the nodes of a pool are registered, read from what the target declared. */
export interface Nodes {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly min: number;
  readonly max: number;
}

/** A right on a bucket, read from what the target declared. */
export interface Right {
  /** Physical name of the bucket. */
  readonly bucket: string;
  readonly access: "read" | "write";
}

/** Facts of a target that the contract's test requires. */
export interface Fixture {
  readonly pools: readonly NodePool[];
  /** Makes the platform on an example of the target; without ranges the API is private. */
  provision(
    name: string,
    request: { pools: readonly NodePool[]; tags: Tags; lifetime: Lifetime },
    apiAllow?: readonly string[],
  ): Platform;
  /** Form of the bucket's URI; its first group is the physical name. */
  readonly uri: RegExp;
  nodes(recording: Recording<unknown>, pool: NodePool): Nodes;
  rights(recording: Recording<unknown>): readonly Right[];
  /** Who the rights are for, as the provider writes the service account. */
  subjects(recording: Recording<unknown>): readonly string[];
  /** Ranges that reach the API over the internet, undefined where it answers inside only; absent where the network is not the target's. */
  openTo?(recording: Recording<unknown>): readonly string[] | undefined;
  /** Whether a resource of a cloud carries the tags, by itself or by its provider. */
  tagged(resource: Recorded, recording: Recording<unknown>): boolean;
}

function pools(cpu: string, gpu: string): readonly NodePool[] {
  return [
    { name: "cpu", machineType: cpu, min: 1, max: 6, spot: false },
    { name: "burst", machineType: cpu, min: 0, max: 10, spot: true },
    {
      name: "gpu",
      machineType: gpu,
      min: 0,
      max: 4,
      spot: true,
      gpu: { count: 1 },
    },
  ];
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );
}

function strings(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value ?? {}).map(([key, text]) => [key, String(text)]),
  );
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether the test's tags are among those that a resource, or a provider for all of its, is given. */
function hasTags(inputs: Recorded["inputs"]): boolean {
  const { defaultTags, defaultLabels, tags } = inputs;
  const given =
    at(fromText(defaultTags), "tags") ?? fromText(defaultLabels) ?? tags;
  return at(given, "stack") === "test" && at(given, "owner") === "team-ml";
}

/** Inputs of a provider travel as text. */
function fromText(value: unknown): unknown {
  return typeof value === "string" ? JSON.parse(value) : value;
}

/** Azure types without tags. */
const untaggableAzure = [
  "authorization:RoleAssignment",
  "containerservice:listManaged",
  "managedidentity:FederatedIdentityCredential",
  "network:Subnet",
  "storage:BlobContainer",
  "storage:BlobServiceProperties",
];

const effects: Readonly<Record<string, Taint["effect"]>> = {
  NO_SCHEDULE: "NoSchedule",
};

/** A taint as EKS and GKE write it. */
function nodeTaint(taint: unknown): Taint {
  return {
    key: String(at(taint, "key")),
    value: String(at(taint, "value")),
    effect: effects[String(at(taint, "effect"))] ?? "NoExecute",
  };
}

const eksFixture: Fixture = {
  pools: pools("m7i.xlarge", "g5.xlarge"),
  provision: (name, request, apiAllow) =>
    eks.provision({
      ...request,
      name,
      target: eks.schema.parse({
        kind: "eks",
        account,
        region: "eu-central-1",
        apiAllow,
        admins: [`arn:aws:iam::${account}:role/admin`],
      }),
    }),
  uri: /^s3a:\/\/([a-z0-9-]{3,63})$/,
  nodes: (recording, pool) => {
    const { inputs } = recording.one(
      "aws:eks/nodeGroup:NodeGroup",
      // A group a zone, of which the first is like the others.
      pool.spot || pool.gpu
        ? `main-pools-${pool.name}`
        : `main-pools-${pool.name}-euc1-az1`,
    );
    const bounds = (key: string) =>
      recording
        .ofType("aws:eks/nodeGroup:NodeGroup")
        .filter((group) => group.name.startsWith(`main-pools-${pool.name}`))
        .reduce(
          (sum, group) => sum + Number(at(group.inputs, "scalingConfig", key)),
          0,
        );
    return {
      labels: strings(inputs["labels"]),
      taints: list(inputs["taints"]).map(nodeTaint),
      min: bounds("minSize"),
      max: bounds("maxSize"),
    };
  },
  rights: (recording) => {
    const { inputs } = recording.one(
      "aws:iam/rolePolicy:RolePolicy",
      "tenant-policy",
    );
    return list(at(inputs, "policy", "Statement"))
      .filter((statement) => String(at(statement, "Resource")).endsWith("/*"))
      .map((statement) => ({
        bucket: String(at(statement, "Resource"))
          .replace("arn:aws:s3:::", "")
          .replace("/*", ""),
        access: list(at(statement, "Action")).includes("s3:PutObject")
          ? "write"
          : "read",
      }));
  },
  subjects: (recording) => {
    const { inputs } = recording.one("aws:iam/role:Role", "tenant-role");
    const conditions = at(
      inputs,
      "assumeRolePolicy",
      "Statement",
      0,
      "Condition",
      "StringEquals",
    );
    return Object.entries(strings(conditions))
      .filter(([key]) => key.endsWith(":sub"))
      .map(([, subject]) => subject);
  },
  openTo: (recording) => {
    const { inputs } = recording.one("aws:eks/cluster:Cluster");
    return at(inputs, "vpcConfig", "endpointPublicAccess")
      ? list(at(inputs, "vpcConfig", "publicAccessCidrs")).map(String)
      : undefined;
  },
  tagged: (resource, recording) => {
    const { inputs } = recording.one("pulumi:providers:aws");
    return (
      resource.provider.includes("pulumi:providers:aws::main-aws") &&
      hasTags(inputs)
    );
  },
};

const gkeFixture: Fixture = {
  pools: pools("n2-standard-4", "g2-standard-8"),
  provision: (name, request, apiAllow) =>
    gke.provision({
      ...request,
      name,
      target: gke.schema.parse({
        kind: "gke",
        project,
        region: "europe-west4",
        apiAllow,
      }),
    }),
  uri: /^gs:\/\/([a-z0-9-]{3,63})$/,
  nodes: (recording, pool) => {
    const { inputs } = recording.one(
      "gcp:container/nodePool:NodePool",
      `main-pools-${pool.name}`,
    );
    const accelerators = list(at(inputs, "nodeConfig", "guestAccelerators"));
    return {
      labels: strings(at(inputs, "nodeConfig", "labels")),
      // GKE taints nodes with accelerators itself:
      // https://cloud.google.com/kubernetes-engine/docs/how-to/gpus#create
      taints: [
        ...(accelerators.length > 0 ? [gpuTaint] : []),
        ...list(at(inputs, "nodeConfig", "taints")).map(nodeTaint),
      ],
      min: Number(at(inputs, "autoscaling", "totalMinNodeCount")),
      max: Number(at(inputs, "autoscaling", "totalMaxNodeCount")),
    };
  },
  rights: (recording) =>
    recording
      .ofType("gcp:storage/bucketIAMMember:BucketIAMMember")
      .filter(({ inputs }) => String(inputs["role"]).includes("object"))
      .map(({ inputs }) => ({
        bucket: String(inputs["bucket"]),
        access:
          inputs["role"] === "roles/storage.objectUser" ? "write" : "read",
      })),
  subjects: (recording) => {
    const { inputs } = recording.one("gcp:serviceaccount/iAMMember:IAMMember");
    const [, namespace, name] =
      /\.svc\.id\.goog\[(.+)\/(.+)\]$/.exec(String(inputs["member"])) ?? [];
    return [`system:serviceaccount:${namespace}:${name}`];
  },
  openTo: (recording) => {
    const { inputs } = recording.one("gcp:container/cluster:Cluster");
    return at(inputs, "privateClusterConfig", "enablePrivateEndpoint")
      ? undefined
      : list(at(inputs, "masterAuthorizedNetworksConfig", "cidrBlocks")).map(
          (block) => String(at(block, "cidrBlock")),
        );
  },
  tagged: (resource, recording) => {
    const { inputs } = recording.one("pulumi:providers:gcp");
    // Accounts have no labels; an audit finds them by their description.
    if (resource.type === "gcp:serviceaccount/account:Account") {
      return resource.inputs["description"] === "stack=test owner=team-ml";
    }
    return (
      resource.provider.includes("pulumi:providers:gcp::main-google") &&
      hasTags(inputs)
    );
  },
};

const aksFixture: Fixture = {
  pools: pools("Standard_D4s_v5", "Standard_NC4as_T4_v3"),
  provision: (name, request, apiAllow) =>
    aks.provision({
      ...request,
      name,
      target: aks.schema.parse({
        kind: "aks",
        subscription,
        tenant: "00000000-0000-4000-8000-000000000002",
        region: "westeurope",
        admins: ["group:00000000-0000-4000-8000-000000000003"],
        apiAllow,
      }),
    }),
  uri: /^abfss:\/\/[a-z0-9-]{3,63}@([a-z0-9]{3,24})\.dfs\.core\.windows\.net$/,
  nodes: (recording, pool) => {
    const cluster = recording.one(
      "azure-native:containerservice:ManagedCluster",
    );
    const inline = list(cluster.inputs["agentPoolProfiles"]).find(
      (profile) => at(profile, "name") === pool.name,
    );
    const profile =
      inline ??
      recording.one(
        "azure-native:containerservice:AgentPool",
        `main-pools-${pool.name}`,
      ).inputs;
    return {
      labels: strings(at(profile, "nodeLabels")),
      taints: list(at(profile, "nodeTaints")).map((text) => {
        const [, key = "", value = "", effect] =
          /^(.+)=(.+):(NoSchedule)$/.exec(String(text)) ?? [];
        return {
          key,
          value,
          effect: effect === "NoSchedule" ? effect : "NoExecute",
        };
      }),
      min: Number(at(profile, "minCount")),
      max: Number(at(profile, "maxCount")),
    };
  },
  rights: (recording) =>
    recording
      .ofType("azure-native:authorization:RoleAssignment")
      .filter(({ name }) => name.startsWith("tenant-"))
      .map(({ inputs }) => {
        const container = recording.one(
          "azure-native:storage:BlobContainer",
          String(inputs["scope"]).replace(/-id$/, ""),
        );
        return {
          bucket: String(container.inputs["accountName"]),
          access: String(inputs["roleDefinitionId"]).endsWith(
            roles.blobDataContributor,
          )
            ? "write"
            : "read",
        };
      }),
  subjects: (recording) => [
    String(
      recording.one("azure-native:managedidentity:FederatedIdentityCredential")
        .inputs["subject"],
    ),
  ],
  openTo: (recording) => {
    const { inputs } = recording.one(
      "azure-native:containerservice:ManagedCluster",
    );
    return at(inputs, "apiServerAccessProfile", "enablePrivateCluster")
      ? undefined
      : list(at(inputs, "apiServerAccessProfile", "authorizedIPRanges"))
          .map(String)
          // The nodes' own way in.
          .filter((range) => range !== "198.51.100.1/32");
  },
  tagged: ({ type, inputs, provider }) =>
    provider.includes("pulumi:providers:azure-native::main-azure") &&
    (untaggableAzure.some((kind) => type.endsWith(kind)) || hasTags(inputs)),
};

/** Pools of targets that have no autoscaler: as many nodes as there are. */
const fixedPools: readonly NodePool[] = [
  { name: "cpu", min: 1, max: 1, spot: false },
  { name: "gpu", min: 1, max: 1, spot: false, gpu: { count: 1 } },
];

/** Buckets and rights of the stores that the project provides itself. */
const storeFixture = {
  uri: /^s3a:\/\/([a-z0-9-]{3,63})$/,
  rights: (recording) =>
    list(recording.one("mlstack:index:EmbeddedAccount").inputs["grants"]).map(
      (grant) => ({
        bucket: String(at(grant, "bucket")),
        access: at(grant, "access") === "write" ? "write" : "read",
      }),
    ),
  subjects: (recording) => {
    const { inputs } = recording.one(
      "kubernetes:core/v1:Secret",
      "tenant-object-store",
    );
    const name = String(at(inputs, "metadata", "name"));
    return [
      `system:serviceaccount:${String(at(inputs, "metadata", "namespace"))}:${name.replace("-object-store", "")}`,
    ];
  },
  tagged: () => true,
} satisfies Partial<Fixture>;

const onpremFixture: Fixture = {
  ...storeFixture,
  pools: fixedPools,
  provision: (name, request) =>
    onprem.provision({
      ...request,
      name,
      target: onprem.schema.parse({
        kind: "onprem",
        ssh: { key: "key" },
        images: { prefix: "registry.example/ml" },
        hosts: [
          { name: "control", address: "10.0.0.11", role: "control-plane" },
          { name: "one", address: "10.0.0.12", pool: "cpu" },
          { name: "two", address: "10.0.0.13", pool: "gpu" },
        ],
      }),
    }),
  nodes: (recording, pool) => {
    const { inputs } = recording.one("mlstack:index:SshCluster");
    const hosts = list(inputs["hosts"]).filter(
      (host) => at(host, "labels", poolLabel) === pool.name,
    );
    return {
      labels: strings(at(hosts[0], "labels")),
      taints: list(at(hosts[0], "taints")).map((taint) => ({
        key: String(at(taint, "key")),
        value: String(at(taint, "value")),
        effect: "NoSchedule",
      })),
      min: hosts.length,
      max: hosts.length,
    };
  },
};

const localFixture: Fixture = {
  ...storeFixture,
  pools: fixedPools,
  provision: (name, request) =>
    local.provision({
      ...request,
      name,
      target: local.schema.parse({ kind: "local" }),
    }),
  nodes: (recording, pool) => {
    const { inputs } = recording.one("mlstack:index:LocalCluster");
    const parsed = clusterSchema.parse(inputs);
    const layout = new Layout(parsed);
    const nodes = placeNodes(parsed, []).filter(
      (node) => node.pool === pool.name,
    );
    const [node] = nodes;
    if (!node) throw new Error(`no node for ${pool.name}`);
    const flag = "--node-labels=";
    const labels = nodeDaemons(layout, node, (tool) => `/tools/${tool}`)
      .flatMap(({ command }) => command)
      .find((word) => word.startsWith(flag));
    return {
      labels: Object.fromEntries(
        (labels?.slice(flag.length) ?? "")
          .split(",")
          .map((pair) => pair.split("=")) as [string, string][],
      ),
      taints: list(
        at(kubeletConfig(layout, node), "registerWithTaints"),
      ) as readonly Taint[],
      min: nodes.length,
      max: nodes.length,
    };
  },
};

const existingFixture: Fixture = {
  ...storeFixture,
  pools: fixedPools,
  provision: (name, request) => {
    const folder = mkdtempSync(join(tmpdir(), "mlstack-existing-"));
    try {
      const kubeconfig = join(folder, "config");
      writeFileSync(kubeconfig, "apiVersion: v1\nkind: Config\n");
      return existing.provision({
        ...request,
        name,
        target: existing.schema.parse({
          kind: "existing",
          kubeconfig,
          poolLabel,
          images: { prefix: "registry.example/ml" },
        }),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  // The nodes are somebody else's; README says what they must be labelled and may be tainted with.
  nodes: (_recording, pool) => ({
    labels: { [poolLabel]: pool.name },
    taints: pool.gpu ? [gpuTaint] : [],
    min: pool.min,
    max: pool.max,
  }),
};

const kapsuleFixture: Fixture = {
  pools: pools("POP2-8C-32G", "L4-1-24G").map((pool) => ({
    ...pool,
    spot: false,
  })),
  provision: (name, request, apiAllow) =>
    kapsule.provision({
      ...request,
      name,
      target: kapsule.schema.parse({
        kind: "kapsule",
        project: scalewayProject,
        region: "fr-par",
        gpuZone: "fr-par-2",
        admins: ["user:00000000-0000-4000-8000-000000000001"],
        apiAllow,
      }),
    }),
  uri: /^s3a:\/\/([a-z0-9-]{3,63})$/,
  nodes: (recording, pool) => {
    const { inputs } = recording.one(
      "scaleway:kubernetes/pool:Pool",
      `main-pools-${pool.name}`,
    );
    return {
      labels: strings(at(inputs, "labels")),
      taints: list(at(inputs, "taints")) as readonly Taint[],
      min: Number(at(inputs, "minSize")),
      max: Number(at(inputs, "maxSize")),
    };
  },
  rights: (recording) =>
    recording
      .ofType("scaleway:object/bucketPolicy:BucketPolicy")
      .flatMap(({ inputs }) => {
        const policy: unknown = JSON.parse(String(inputs["policy"]));
        return list(at(policy, "Statement"))
          .filter((statement) => at(statement, "Sid") !== "admins")
          .map((statement): Right => ({
            bucket: String(inputs["bucket"]),
            access: list(at(statement, "Action")).includes("s3:PutObject")
              ? "write"
              : "read",
          }));
      }),
  subjects: storeFixture.subjects,
  openTo: (recording) => {
    const { inputs } = recording.one("scaleway:kubernetes/acl:Acl");
    const ranges = list(inputs["aclRules"])
      .map((rule) => String(at(rule, "ip")))
      // The cluster's own way out, which is no one else's.
      .filter((range) => range !== "198.51.100.9/32");
    return ranges.length === 0 ? undefined : ranges;
  },
  tagged: ({ type, inputs }) => {
    // A type without tags is removed with its parent, or names its owner in its description.
    if (/:(Acl|ApiKey|GatewayNetwork|BucketPolicy)$/.test(type)) return true;
    if (type.endsWith(":Namespace")) {
      return inputs["description"] === "stack=test owner=team-ml";
    }
    const tags = inputs["tags"];
    return Array.isArray(tags)
      ? tags.join() === "stack=test,owner=team-ml"
      : hasTags(inputs);
  },
};

/** One a target: without it, a target does not compile. */
export const fixtures = {
  local: localFixture,
  existing: existingFixture,
  onprem: onpremFixture,
  eks: eksFixture,
  gke: gkeFixture,
  aks: aksFixture,
  kapsule: kapsuleFixture,
} satisfies Record<TargetKind, Fixture>;
