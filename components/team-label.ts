import type * as k8s from "@pulumi/kubernetes";

/** Label of a team's namespace; its value is the team's name. */
export const teamLabel = "mlstack.dev/team";

/** Selects the namespaces of all teams. */
export const teamNamespaces: k8s.types.input.meta.v1.LabelSelector = {
  matchExpressions: [{ key: teamLabel, operator: "Exists" }],
};
