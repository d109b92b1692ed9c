import * as authorization from "@pulumi/azure-native/authorization";
import type * as pulumi from "@pulumi/pulumi";

import { guid } from "../names/naming";
import type { roles } from "./rules";

/** A role for somebody on something. */
export interface RoleArgs {
  readonly subscription: string;
  readonly role: (typeof roles)[keyof typeof roles];
  readonly principalId: pulumi.Input<string>;
  /** A managed identity is known to the directory only after a while; naming its type skips the look-up. Azure refuses a wrong one. */
  readonly principalType: "ServicePrincipal" | "User";
  /** Name of what the role is for, that no other stack of the subscription uses. */
  readonly owner: string;
  /** ID of the resource. */
  readonly scope: pulumi.Input<string>;
}

/** Assigns a role; the name, a GUID, follows from who asks for it, so that previews show it. */
export function assignRole(
  name: string,
  { subscription, role, owner, ...args }: RoleArgs,
  opts: pulumi.CustomResourceOptions,
): authorization.RoleAssignment {
  return new authorization.RoleAssignment(
    name,
    {
      ...args,
      roleAssignmentName: guid([subscription, owner, name, role]),
      roleDefinitionId: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
    },
    // Azure takes one name for one principal and scope, in all of the tenant, so the old one goes first.
    { ...opts, deleteBeforeReplace: true },
  );
}
