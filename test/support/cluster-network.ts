import type { ClusterNetwork } from "../../infra/platform";

/** Addresses of a cluster as a target tells them. */
export const clusterNetwork: ClusterNetwork = {
  apiServer: [{ cidr: "10.90.0.1/32", ports: [6443] }],
  objectStore: [{ namespace: "store", ports: [7070] }],
  identity: [],
  closed: ["10.90.0.0/24", "10.244.0.0/16", "10.96.0.0/16", "169.254.0.0/16"],
};
