import type { AdmissionPolicy } from "./policy";

/**
 * Lets only controllers with cluster-wide rights write the addresses behind a team's services. A member who writes them
 * points a service, and the API server's proxy to it, at addresses that the team's network policy closes. Kubernetes'
 * role `edit` lost this right with 1.22 (CVE-2021-25740); Kubeflow's roles have it.
 */
export const endpointPolicy: AdmissionPolicy = {
  kinds: [
    { group: "", version: "v1", resources: ["endpoints"] },
    {
      group: "discovery.k8s.io",
      version: "v1",
      resources: ["endpointslices"],
    },
  ],
  rules: [
    {
      // Without a namespace, of all namespaces.
      expression: `authorizer.group(request.resource.group).resource(request.resource.resource).check("update").allowed()`,
      message:
        "the addresses behind a service are those of the pods that it selects; write spec.selector of the service",
    },
  ],
};
