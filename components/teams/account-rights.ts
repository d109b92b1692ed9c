import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { apiGroup } from "./members";

/** Rights in a namespace, and the one service account that has them. */
export interface AccountRightsArgs {
  readonly namespace: pulumi.Input<string>;
  readonly subject: {
    readonly namespace: pulumi.Input<string>;
    readonly name: pulumi.Input<string>;
  };
  readonly rules: k8s.types.input.rbac.v1.PolicyRule[];
}

/** A role of a service account's own. @returns what must be there before the account has the rights */
export function accountRights(
  name: string,
  args: AccountRightsArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const metadata = { name, namespace: args.namespace };
  const role = new k8s.rbac.v1.Role(
    name,
    { metadata, rules: args.rules },
    opts,
  );
  const binding = new k8s.rbac.v1.RoleBinding(
    name,
    {
      metadata,
      roleRef: {
        apiGroup,
        kind: "Role",
        name: role.metadata.name,
      },
      subjects: [{ kind: "ServiceAccount", ...args.subject }],
    },
    opts,
  );
  return [role, binding];
}
