import type { AdmissionPolicy } from "./policy";

/**
 * Keeps network policies of a team to those who administer the cluster. Network policies are additive: a member with
 * Kubernetes' role `edit` could otherwise add one that opens what the stack has closed.
 */
export const networkPolicyPolicy: AdmissionPolicy = {
  kinds: [
    {
      group: "networking.k8s.io",
      version: "v1",
      resources: ["networkpolicies"],
    },
  ],
  operations: ["CREATE", "UPDATE", "DELETE"],
  rules: [
    {
      // Users with update on the namespace could remove the team's label, and with it the policy, in any case.
      expression: `authorizer.group("").resource("namespaces").name(request.namespace).check("update").allowed() || request.userInfo.username in ["system:serviceaccount:kube-system:namespace-controller", "system:serviceaccount:kube-system:generic-garbage-collector", "system:kube-controller-manager"]`,
      message:
        "network policies of a team's namespace are the stack's; set teams[].egress in the stack's file for addresses outside of the cluster",
    },
  ],
};
