/** Address and certificate of a cloud's cluster. */
export interface ClusterAddress {
  readonly host: string;
  /** Base64. */
  readonly certificateAuthority: string;
}

/** Every stand-in hands out the cluster of this variable, a `ClusterAddress` as JSON; without it, one that is nowhere. */
export const clusterVariable = "MLSTACK_GENERIC_PROVIDER_CLUSTER";

/** The cluster that a stand-in hands out. */
export function cluster(): ClusterAddress {
  const given = process.env[clusterVariable];
  return given
    ? (JSON.parse(given) as ClusterAddress)
    : { host: "cluster.example", certificateAuthority: "Q0E=" };
}
