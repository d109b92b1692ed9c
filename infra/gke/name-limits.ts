import { derived, given, type NameLimit } from "../names/name-limits";

const computeNames = "https://cloud.google.com/compute/docs/naming-resources";

/** Names of Google Cloud that a name space limits, or that something else derives names from. */
export const nameLimits = {
  Account: given(
    "gcp:serviceaccount/account:Account",
    "accountId",
    30,
    "https://cloud.google.com/iam/docs/service-accounts-create",
  ),
  Cluster: given(
    "gcp:container/cluster:Cluster",
    "name",
    40,
    "https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters",
  ),
  NodePool: given(
    "gcp:container/nodePool:NodePool",
    "name",
    40,
    "https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters.nodePools",
  ),
  Bucket: given(
    "gcp:storage/bucket:Bucket",
    "name",
    63,
    "https://cloud.google.com/storage/docs/buckets#naming",
  ),
  Network: derived("gcp:compute/network:Network", 63, computeNames),
  Subnetwork: derived("gcp:compute/subnetwork:Subnetwork", 63, computeNames),
  Router: derived("gcp:compute/router:Router", 63, computeNames),
  RouterNat: derived("gcp:compute/routerNat:RouterNat", 63, computeNames),
  Firewall: derived("gcp:compute/firewall:Firewall", 63, computeNames),
} as const satisfies Readonly<Record<string, NameLimit>>;
