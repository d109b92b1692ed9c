import type { AdmissionPolicy } from "./policy";

/**
 * Keeps the addresses behind a team's services to the controllers that write them for every namespace: with addresses of
 * its choice, a member has a service, and the API server's proxy to it, lead where the team's network policy does not.
 * Kubernetes' role `edit` does not have them since 1.22 (CVE-2021-25740), but Kubeflow's does.
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
