import type { AdmissionPolicy } from "./policy";

/** Refuses Services of type NodePort and Services with external IP addresses. */
export const servicePolicy: AdmissionPolicy = {
  kinds: [{ group: "", version: "v1", resources: ["services"] }],
  rules: [
    {
      // CVE-2020-8554: traffic of others to such an address would go to the team's pods.
      expression: "object.spec.?externalIPs.orValue([]).size() == 0",
      message: "spec.externalIPs: no team takes over an address; leave it out",
    },
    {
      // Load balancers are counted by the team's quota.
      expression: `object.spec.?type.orValue("ClusterIP") != "NodePort"`,
      message:
        "spec.type: a team opens no port of the nodes; write ClusterIP, and use kubectl port-forward",
    },
  ],
};
