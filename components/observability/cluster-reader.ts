import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { apiGroup } from "../teams/members";

/** A service account that may read some kinds in the whole cluster. @returns its name, known when it has its rights */
export function clusterReader(
  name: string,
  namespace: pulumi.Output<string>,
  rules: k8s.types.input.rbac.v1.PolicyRule[],
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const account = new k8s.core.v1.ServiceAccount(
    name,
    { metadata: { name, namespace } },
    opts,
  );
  const role = new k8s.rbac.v1.ClusterRole(
    name,
    { metadata: { name: `mlstack-${name}` }, rules },
    opts,
  );
  const binding = new k8s.rbac.v1.ClusterRoleBinding(
    name,
    {
      metadata: { name: `mlstack-${name}` },
      roleRef: {
        apiGroup,
        kind: "ClusterRole",
        name: role.metadata.name,
      },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    opts,
  );
  return pulumi.all([account.metadata.name, binding.id]).apply(([its]) => its);
}
