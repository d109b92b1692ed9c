import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { without } from "../../infra/network/destinations";
import type {
  Bucket,
  IdentityArgs,
  Identity,
  Platform,
} from "../../infra/platform";
import { teamLabel } from "../../infra/team-label";
import { TeamPolicies } from "../admission/team-policies";
import { MemberRoles } from "./member-roles";
import { restrictedLabel } from "../guarded-namespace";
import { isolated, toData, toDestination, toOutside } from "../network-policy";
import { priorityClassesAnnotation } from "./label";
import {
  apiGroup,
  bindContributors,
  bindMembers,
  type TeamMembers,
  type User,
} from "./members";
import { adoptedFor, teamProfile } from "./profile";
import { containerLimits, hardLimits, type TeamQuota } from "./quota";

/** Egress to outside of the cluster: all, none, or CIDR ranges. */
export type TeamEgress = "all" | "none" | readonly string[];

/** A service account of a team, and the object-store identity bound to it. */
export interface TeamAccount {
  readonly name: pulumi.Output<string>;
  readonly identity: Identity;
  /** Depend on it to run pods of the account. */
  readonly ready: readonly pulumi.Resource[];
}

/** Arguments of {@link Team}. */
export type TeamArgs = {
  readonly platform: Platform;
  readonly quota: TeamQuota;
  readonly members?: TeamMembers;
  /** Egress of its pods to outside of the cluster; `all` by default. */
  readonly egress?: TeamEgress;
  /** Priority classes of the cluster that its pods may have; none above that of other pods unless given. */
  readonly priorityClasses?: readonly string[];
  /** Bucket for the event logs of its Spark jobs; none are kept unless given. */
  readonly eventLogs?: Bucket;
} & (
  | { readonly owner?: User; readonly profiles?: undefined }
  | {
      /** Administers the namespace. */
      readonly owner: User;
      /** Kubeflow's profile controller and its kind: the team is a Profile. */
      readonly profiles: pulumi.Input<pulumi.Resource[]>;
    }
);

/** A team's namespace: its quota, its limits, its network policy, and the accounts its jobs run as. */
export class Team extends pulumi.ComponentResource {
  readonly namespace: pulumi.Output<string>;
  /** Bucket of the event logs of its Spark jobs, if they are kept. */
  readonly eventLogs: Bucket | undefined;
  private readonly platform: Platform;
  private readonly teamName: string;
  private readonly isolation: readonly pulumi.Resource[];

  constructor(
    name: string,
    args: TeamArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:Team", name, {}, opts);
    this.platform = args.platform;
    this.teamName = name;
    this.eventLogs = args.eventLogs;
    const child = { parent: this, provider: args.platform.provider };
    const namespace = new k8s.core.v1.Namespace(
      name,
      {
        metadata: {
          name,
          labels: {
            [teamLabel]: name,
            ...restrictedLabel,
          },
          annotations: annotationsOf(args),
        },
      },
      child,
    );
    this.namespace = namespace.metadata.name;
    const metadata = { namespace: this.namespace };
    this.isolation = [
      ...this.administer(args, child),
      new k8s.core.v1.LimitRange(
        `${name}-limits`,
        { metadata, spec: { limits: [containerLimits(args.quota)] } },
        child,
      ),
      new k8s.networking.v1.NetworkPolicy(
        `${name}-network`,
        {
          metadata,
          spec: isolated({ ingress: [], egress: this.egress(args) }),
        },
        // Its name up to 0.1.
        { ...child, aliases: [{ name: `${name}-walls` }] },
      ),
      new k8s.rbac.v1.Role(
        `${name}-spark`,
        { metadata: { ...metadata, name: "spark" }, rules: driverRules },
        child,
      ),
    ];
    this.registerOutputs();
  }

  /** Egress policy of its pods; other services of the stack, such as Kafka, add policies of their own. */
  private egress({ platform, egress = "all" }: TeamArgs) {
    const { clusterNetwork } = platform;
    return [
      ...toData(clusterNetwork),
      ...(egress === "all" ? [toOutside(clusterNetwork)] : []),
      ...(typeof egress === "string"
        ? []
        : egress.map((range) =>
            toDestination(without(range, clusterNetwork.closed)),
          )),
    ];
  }

  /** The quota, and the rights of people: by Kubeflow's profile controller where there is one. */
  private administer(
    args: TeamArgs,
    child: pulumi.CustomResourceOptions,
  ): readonly pulumi.Resource[] {
    const { teamName: name, namespace } = this;
    const { owner, members = { edit: [], view: [] }, quota } = args;
    const hard = hardLimits(quota);
    if (args.profiles !== undefined) {
      const installed = { ...child, dependsOn: args.profiles };
      bindContributors(name, namespace, members, installed);
      return [
        teamProfile(name, { namespace, owner: args.owner, hard }, installed),
      ];
    }
    bindMembers(name, namespace, { owner, members }, child);
    return [
      new k8s.core.v1.ResourceQuota(
        `${name}-quota`,
        { metadata: { namespace }, spec: { hard } },
        child,
      ),
    ];
  }

  /**
   * A service account with the grants named and no others.
   *
   * @param rights `driver` lets its pods make Spark executors and write the team's event logs, `none` nothing in the cluster at all: then its pods get no
   * token unless they ask for it
   */
  account(
    name: string,
    grants: IdentityArgs["grants"],
    rights: "driver" | "none",
  ): TeamAccount {
    const fullName = `${this.teamName}-${name}`;
    const identity = this.platform.identity(
      fullName,
      {
        serviceAccount: { namespace: this.teamName, name },
        grants:
          rights === "driver" && this.eventLogs !== undefined
            ? [...grants, { bucket: this.eventLogs, access: "write" }]
            : grants,
      },
      // The namespace comes first: an identity may keep a secret in it.
      { parent: this, dependsOn: [...this.isolation] },
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
        imagePullSecrets: identity.imagePullSecrets?.map((secret) => ({
          name: secret,
        })),
        automountServiceAccountToken: rights === "none" ? false : undefined,
      },
      child,
    );
    const ready = [
      ...this.isolation,
      ...identity.ready,
      account,
      ...(identity.admitted?.(account) ?? []),
    ];
    if (rights === "none") {
      return { name: account.metadata.name, identity, ready };
    }
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
      ready: [...ready, binding],
    };
  }
}

function annotationsOf(
  args: TeamArgs,
): Readonly<Record<string, string>> | undefined {
  const { priorityClasses = [] } = args;
  const annotations = {
    ...(args.profiles === undefined ? {} : adoptedFor(args.owner)),
    ...(priorityClasses.length === 0
      ? {}
      : { [priorityClassesAnnotation]: priorityClasses.join(",") }),
  };
  return Object.keys(annotations).length === 0 ? undefined : annotations;
}

/** The teams of a stack, by name. */
export function makeTeams(
  platform: Platform,
  teams: readonly {
    readonly name: string;
    readonly quota: TeamQuota;
    readonly owner?: User;
    readonly members: TeamMembers;
    readonly egress: TeamEgress;
    readonly priorityClasses: readonly string[];
  }[],
  stack: {
    /** Owns the teams that name nobody. */
    readonly owner: string;
    readonly profiles?: pulumi.Input<pulumi.Resource[]>;
    /** Buckets of the event logs of each team's Spark jobs. */
    readonly eventLogs?: ReadonlyMap<string, Bucket>;
  },
): ReadonlyMap<string, Team> {
  const { profiles } = stack;
  new TeamPolicies("team-policies", { platform });
  const haveMembers = teams.some(
    ({ members: { edit, view } }) => edit.length + view.length > 0,
  );
  if (haveMembers || profiles !== undefined) {
    new MemberRoles("members", { platform });
  }
  return new Map(
    teams.map(({ name, ...team }) => {
      const { owner = `user:${stack.owner}` } = team;
      const kubeflow = profiles === undefined ? {} : { owner, profiles };
      const eventLogs = stack.eventLogs?.get(name);
      return [
        name,
        new Team(name, { platform, ...team, ...kubeflow, eventLogs }),
      ];
    }),
  );
}

const removal = ["get", "list", "watch", "delete", "deletecollection"];

// Rights of a driver in its namespace: it creates its executors, their ConfigMaps and their volumes, deletes them, and
// holds the lease of the table that it writes. The admission policy of the team's accounts restricts them to its own
// objects.
const driverRules: k8s.types.input.rbac.v1.PolicyRule[] = [
  {
    apiGroups: [""],
    resources: ["pods"],
    verbs: ["create", "patch", ...removal],
  },
  {
    apiGroups: [""],
    resources: ["configmaps", "persistentvolumeclaims"],
    verbs: ["create", ...removal],
  },
  { apiGroups: [""], resources: ["services"], verbs: removal },
  // One writer a table: see workloads/clickstream/jobs/table_lock.py.
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["create", "get", "update"],
  },
];
