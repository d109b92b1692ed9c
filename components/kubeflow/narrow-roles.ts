import type { Transformation } from "../manifests/kustomization";

const aggregation = "rbac.authorization.kubeflow.org/aggregate-to-kubeflow-";

/** Verbs that change nothing. */
const reading = ["get", "list", "watch"];

/**
 * Takes from Kubeflow's roles for members what leads out of a team: writing Endpoints, which Kubernetes' own role `edit`
 * lost with 1.22 (CVE-2021-25740), and the API server's proxy to services, which connects to whatever these lead to.
 */
export const narrowRoles: Transformation = (object) => {
  const { kind, metadata, rules } = object;
  const isOfMembers = Object.keys(metadata.labels ?? {}).some((label) =>
    label.startsWith(aggregation),
  );
  if (kind !== "ClusterRole" || !isOfMembers || rules === undefined) return;
  object.rules = rules.flatMap((rule) => {
    const { resources, verbs } = rule;
    if (resources === undefined) return [rule];
    const reads = verbs.every((verb) => reading.includes(verb));
    const kept = resources.filter(
      (resource) =>
        resource !== "services/proxy" &&
        (reads || !["endpoints", "endpointslices"].includes(resource)),
    );
    return kept.length === 0 ? [] : [{ ...rule, resources: kept }];
  });
};
