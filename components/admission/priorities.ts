import type { AdmissionPolicy } from "./policy";

/**
 * Keeps the pods of teams from the priority of what a cluster cannot do without: the scheduler would end those of other
 * teams and of the platform to make room, and Kubernetes grants such a priority in every namespace.
 *
 * https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods/
 */
export const priorityPolicy: AdmissionPolicy = {
  kinds: [{ group: "", version: "v1", resources: ["pods"] }],
  operations: ["CREATE"],
  rules: [
    {
      expression: `!object.spec.?priorityClassName.orValue("").startsWith("system-")`,
      message:
        "spec.priorityClassName: the priorities of Kubernetes' own pods are not for a team's; leave it out",
    },
  ],
};
