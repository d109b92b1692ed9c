import { priorityClassesAnnotation } from "../teams/label";
import type { AdmissionPolicy } from "./policy";

/**
 * Keeps the pods of teams from priorities above that of pods without one, but for the classes that the stack gives their
 * team: the scheduler ends pods of other teams and of the platform to make room for such, and Kubernetes grants every
 * class of the cluster in every namespace.
 *
 * https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 */
export const priorityPolicy: AdmissionPolicy = {
  kinds: [{ group: "", version: "v1", resources: ["pods"] }],
  operations: ["CREATE"],
  variables: {
    priorityClass: `object.spec.?priorityClassName.orValue("")`,
  },
  rules: [
    {
      expression: `!variables.priorityClass.startsWith("system-")`,
      message:
        "spec.priorityClassName: the priorities of Kubernetes' own pods are not for a team's; leave it out",
    },
    {
      // The API server has put the number of the class, or of the cluster's default one, in before it asks.
      expression: `object.spec.?priority.orValue(0) <= 0 || variables.priorityClass in namespaceObject.metadata.?annotations[?"${priorityClassesAnnotation}"].orValue("").split(",")`,
      message:
        "spec.priorityClassName: its pods would displace those of others; leave it out, or have the stack list it in teams[].priorityClasses",
    },
  ],
};
