import type { AdmissionPolicy } from "./policy";

/** Condition on a toleration: it is of a taint of the cluster's own nodes, of control planes or of AKS' system pools. */
const ofControlPlanes = `toleration.?key.orValue("").startsWith("node-role.kubernetes.io/") || toleration.?key.orValue("") == "CriticalAddonsOnly"`;

/**
 * Keeps the pods of teams off the nodes of the control plane. A full disk there stops etcd, and not every target enforces
 * the size of a claim. Teams may tolerate taints of pools (accelerators, spot nodes), and those by which Kubernetes
 * reports the state of a node.
 *
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
 */
export const placementPolicy: AdmissionPolicy = {
  kinds: [{ group: "", version: "v1", resources: ["pods"] }],
  variables: {
    // A pod may get tolerations later. One that had them before the policy must still be let go by its controllers.
    known:
      "oldObject == null ? [] : oldObject.spec.?tolerations.orValue([]).map(toleration, toleration.?key.orValue(''))",
    tolerations:
      "object.spec.?tolerations.orValue([]).filter(toleration, !(toleration.?key.orValue('') in variables.known))",
  },
  rules: [
    {
      expression: `!variables.tolerations.exists(toleration, ${ofControlPlanes})`,
      message:
        "spec.tolerations: nodes of the control plane are not for a team's pods; leave out node-role.kubernetes.io and CriticalAddonsOnly",
    },
    {
      // Without a key it tolerates all taints, or all of an effect.
      expression: `!variables.tolerations.exists(toleration, toleration.?key.orValue("") == "")`,
      message:
        "spec.tolerations: name the key of each taint; without one, the pod would go to nodes of the control plane too",
    },
    {
      // Such a pod passes the scheduler, and with it the taints of the node.
      expression: `request.operation != "CREATE" || object.spec.?nodeName.orValue("") == ""`,
      message:
        "spec.nodeName: the scheduler chooses the node of a team's pod; select nodes with spec.nodeSelector or spec.affinity",
    },
  ],
};
