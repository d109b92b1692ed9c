import { given, type NameLimit } from "../names/name-limits";

const iam = "https://www.scaleway.com/en/developers/api/iam/";

/** Names of Scaleway that a name space limits, or that something else derives names from. */
export const nameLimits = {
  Cluster: given(
    "scaleway:kubernetes/cluster:Cluster",
    "name",
    63,
    "https://www.scaleway.com/en/developers/api/kubernetes/",
  ),
  Pool: {
    type: "scaleway:kubernetes/pool:Pool",
    input: "name",
    longest: 32,
    because: "its nodes are called after cluster and pool, in 63 characters",
    reference: "https://www.scaleway.com/en/developers/api/kubernetes/",
  },
  Bucket: given(
    "scaleway:object/bucket:Bucket",
    "name",
    63,
    "https://www.scaleway.com/en/docs/object-storage/concepts/",
  ),
  Namespace: given(
    "scaleway:registry/namespace:Namespace",
    "name",
    54,
    "https://www.scaleway.com/en/docs/container-registry/concepts/",
  ),
  Application: given("scaleway:iam/application:Application", "name", 64, iam),
  Policy: given("scaleway:iam/policy:Policy", "name", 64, iam),
} as const satisfies Readonly<Record<string, NameLimit>>;
