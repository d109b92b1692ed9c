import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { digest } from "../../infra/names/naming";

/** A user or a group, as the cluster's authentication names it. */
export type Member = `${"user" | "group"}:${string}`;

/** A user, as the cluster's authentication names it. */
export type User = `user:${string}`;

/** Members of a team by role: users and groups of the cluster's authentication. */
export interface TeamMembers {
  /** May run workloads, and read what the team's accounts may read. */
  readonly edit: readonly Member[];
  /** May read workloads, and no secrets. */
  readonly view: readonly Member[];
}

/** API group of roles, and of users and groups as their subjects. */
export const apiGroup = "rbac.authorization.k8s.io";

/** Subject of a role binding. */
export function subjectOf(member: Member): k8s.types.input.rbac.v1.Subject {
  const [kind, name] = parts(member);
  return { apiGroup, kind: kind === "group" ? "Group" : "User", name };
}

/** The name of a user alone. */
export function userName(user: User): string {
  return parts(user)[1];
}

/** Binds the people of a team to Kubernetes' own roles, which operators add their kinds to. */
export function bindMembers(
  team: string,
  namespace: pulumi.Input<string>,
  people: { readonly owner?: User; readonly members: TeamMembers },
  opts: pulumi.CustomResourceOptions,
): void {
  const { owner, members } = people;
  const roles = {
    admin: owner === undefined ? [] : [owner],
    edit: members.edit,
    view: members.view,
  };
  for (const [role, bound] of Object.entries(roles)) {
    if (bound.length === 0) continue;
    bindRole(
      `${team}-members-${role}`,
      { namespace, name: `members-${role}`, role, members: bound },
      opts,
    );
  }
}

/**
 * Binds the members of a team to Kubeflow's roles, in the form in which its dashboard lists contributors: a binding
 * each, which names user and role in its annotations (components/access-management/kfam/bindings.go, 1.10).
 */
export function bindContributors(
  team: string,
  namespace: pulumi.Input<string>,
  members: TeamMembers,
  opts: pulumi.CustomResourceOptions,
): void {
  for (const role of ["edit", "view"] as const) {
    for (const member of members[role]) {
      const [kind, user] = parts(member);
      const alike = members[role].filter(
        (other) => contributor(other) === contributor(member),
      );
      const name = [
        contributor(member),
        ...(alike.length > 1 ? [digest([member], 8)] : []),
        `clusterrole-${role}`,
      ].join("-");
      bindRole(
        // The digest separates team and member: two names joined by a hyphen could be split in several ways.
        `${team}-${name}-${digest([team, member], 8)}`,
        {
          ...{ namespace, name, role: `kubeflow-${role}`, members: [member] },
          annotations: kind === "user" ? { user, role } : {},
        },
        opts,
      );
    }
  }
}

/** A member as the dashboard's own bindings name it, which several members may share. */
function contributor(member: Member): string {
  return member
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/-$/, "");
}

function bindRole(
  resource: string,
  args: {
    readonly namespace: pulumi.Input<string>;
    readonly name: string;
    readonly role: string;
    readonly members: readonly Member[];
    readonly annotations?: Readonly<Record<string, string>>;
  },
  opts: pulumi.CustomResourceOptions,
): void {
  const { namespace, name, annotations, role, members } = args;
  new k8s.rbac.v1.RoleBinding(
    resource,
    {
      metadata: { namespace, name, annotations },
      roleRef: { apiGroup, kind: "ClusterRole", name: role },
      subjects: members.map(subjectOf),
    },
    opts,
  );
}

function parts(member: Member): readonly [kind: string, name: string] {
  const [kind = "", ...name] = member.split(":");
  return [kind, name.join(":")];
}
