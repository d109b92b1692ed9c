import type * as k8s from "@pulumi/kubernetes";

import { teamLabel } from "../../infra/team-label";

/** Annotation of a team's namespace: the priority classes that its pods may have, with commas between them. */
export const priorityClassesAnnotation = "mlstack.dev/priority-classes";

/** Selects the namespaces of all teams. */
export const teamNamespaces: k8s.types.input.meta.v1.LabelSelector = {
  matchExpressions: [{ key: teamLabel, operator: "Exists" }],
};
