import type { AdmissionPolicyArgs } from "./policy";

/** What a Service in a team's namespace may be: one that opens no port of the nodes and takes over no address. */
export const servicePolicy: Omit<AdmissionPolicyArgs, "provider"> = {
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
