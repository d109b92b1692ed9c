import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { IdentityArgs, Identity, Platform } from "../infra/platform";
import { MemberRoles } from "./member-roles";

/** Most that the pods of a team may ask for together. */
export interface TeamQuota {
  /** Cores, as a Kubernetes quantity. */
  readonly cpu: string;
  /** Memory, as a Kubernetes quantity. */
  readonly memory: string;
  readonly gpus: number;
  readonly pods: number;
}

/** Who of the cluster's users and groups may do what in a team's namespace. */
export interface TeamMembers {
  /** May run workloads, and read what the team's accounts may read. */
  readonly edit: readonly Member[];
  /** May look at workloads, and at no secrets. */
  readonly view: readonly Member[];
}

/** A user or a group, as the cluster's authentication names it. */
export type Member = `${"user" | "group"}:${string}`;

/** A service account of a team, and the object-store identity bound to it. */
export interface TeamAccount {
  readonly name: pulumi.Output<string>;
  readonly identity: Identity;
  /** Depend on it to run pods of the account. */
  readonly ready: readonly pulumi.Resource[];
}

/** A team's namespace: its quota, its limits, its walls, and the accounts its jobs run as. */
export class Team extends pulumi.ComponentResource {
  readonly namespace: pulumi.Output<string>;
  private readonly platform: Platform;
  private readonly teamName: string;
  private readonly fences: readonly pulumi.Resource[];

  constructor(
    name: string,
    args: {
      readonly platform: Platform;
      readonly quota: TeamQuota;
      readonly members?: TeamMembers;
    },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:Team", name, {}, opts);
    this.platform = args.platform;
    this.teamName = name;
    const child = { parent: this, provider: args.platform.provider };
    const namespace = new k8s.core.v1.Namespace(
      name,
      {
        metadata: {
          name,
          labels: {
            "mlstack.dev/team": name,
            "pod-security.kubernetes.io/enforce": "restricted",
          },
        },
      },
      child,
    );
    this.namespace = namespace.metadata.name;
    const metadata = { namespace: this.namespace };
    this.fences = [
      new k8s.core.v1.ResourceQuota(
        `${name}-quota`,
        { metadata, spec: { hard: hardLimits(args.quota) } },
        child,
      ),
      new k8s.core.v1.LimitRange(
        `${name}-limits`,
        { metadata, spec: { limits: [containerDefaults] } },
        child,
      ),
      new k8s.networking.v1.NetworkPolicy(
        `${name}-walls`,
        { metadata, spec: walls },
        child,
      ),
      new k8s.rbac.v1.Role(
        `${name}-spark`,
        { metadata: { ...metadata, name: "spark" }, rules: driverRules },
        child,
      ),
    ];
    for (const role of ["edit", "view"] as const) {
      const subjects = (args.members?.[role] ?? []).map(subjectOf);
      if (subjects.length === 0) continue;
      new k8s.rbac.v1.RoleBinding(
        `${name}-members-${role}`,
        {
          metadata: { ...metadata, name: `members-${role}` },
          // Kubernetes' own, which operators add their kinds to.
          roleRef: { apiGroup, kind: "ClusterRole", name: role },
          subjects,
        },
        child,
      );
    }
    this.registerOutputs();
  }

  /** A service account that may run Spark drivers, with the grants named and no others. */
  account(name: string, grants: IdentityArgs["grants"]): TeamAccount {
    const fullName = `${this.teamName}-${name}`;
    const identity = this.platform.identity(
      fullName,
      { serviceAccount: { namespace: this.teamName, name }, grants },
      // The namespace comes first: an identity may keep a secret in it.
      { parent: this, dependsOn: [...this.fences] },
    );
    const child = { parent: this, provider: this.platform.provider };
    const account = new k8s.core.v1.ServiceAccount(
      fullName,
      {
        metadata: {
          name,
          namespace: this.namespace,
          annotations: identity.annotations,
        },
      },
      child,
    );
    const binding = new k8s.rbac.v1.RoleBinding(
      `${fullName}-spark`,
      {
        metadata: { namespace: this.namespace, name: `spark-${name}` },
        roleRef: {
          apiGroup,
          kind: "Role",
          name: "spark",
        },
        subjects: [{ kind: "ServiceAccount", name, namespace: this.namespace }],
      },
      child,
    );
    return {
      name: account.metadata.name,
      identity,
      ready: [...this.fences, ...identity.ready, account, binding],
    };
  }
}

/** The teams of a stack, by name. */
export function makeTeams(
  platform: Platform,
  teams: readonly {
    readonly name: string;
    readonly quota: TeamQuota;
    readonly members: TeamMembers;
  }[],
): ReadonlyMap<string, Team> {
  if (
    teams.some(({ members: { edit, view } }) => edit.length + view.length > 0)
  ) {
    new MemberRoles("members", { platform });
  }
  return new Map(
    teams.map(({ name, ...team }) => [
      name,
      new Team(name, { platform, ...team }),
    ]),
  );
}

const apiGroup = "rbac.authorization.k8s.io";

function subjectOf(member: Member): k8s.types.input.rbac.v1.Subject {
  const [kind = "", ...name] = member.split(":");
  return {
    apiGroup,
    kind: kind === "group" ? "Group" : "User",
    name: name.join(":"),
  };
}

function hardLimits(quota: TeamQuota): Record<string, string> {
  return {
    "requests.cpu": quota.cpu,
    "requests.memory": quota.memory,
    "limits.memory": quota.memory,
    "requests.nvidia.com/gpu": String(quota.gpus),
    pods: String(quota.pods),
  };
}

// A quota on limits refuses containers without one; these are for those who name none.
const containerDefaults: k8s.types.input.core.v1.LimitRangeItem = {
  type: "Container",
  defaultRequest: { cpu: "100m", memory: "128Mi" },
  default: { memory: "512Mi" },
};

// In: the team's own pods. Out: anywhere, for object stores and package registries lie outside.
const walls: k8s.types.input.networking.v1.NetworkPolicySpec = {
  podSelector: {},
  policyTypes: ["Ingress"],
  ingress: [{ from: [{ podSelector: {} }] }],
};

// What a driver does in its namespace: it makes its executors and their configuration.
const driverRules: k8s.types.input.rbac.v1.PolicyRule[] = [
  {
    apiGroups: [""],
    resources: ["pods", "configmaps", "services", "persistentvolumeclaims"],
    verbs: [
      "create",
      "get",
      "list",
      "watch",
      "patch",
      "update",
      "delete",
      "deletecollection",
    ],
  },
];
