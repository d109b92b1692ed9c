import { address } from "../network/cidr";
import { linkLocal, outside } from "../network/destinations";
import type { ClusterNetwork } from "../platform";
import type { GkeConfig } from "./config";

/**
 * Workload identity answers at the metadata address, on each node, and tells a pod its own credentials alone: of these
 * nodes' own it tells nothing.
 * @see https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy#network-policy-and-workload-identity
 */
export function clusterNetwork({ network }: GkeConfig): ClusterNetwork {
  const closed = [
    network.nodes,
    network.pods,
    network.services,
    network.controlPlane,
    linkLocal,
  ];
  return {
    apiServer: [
      { cidr: `${address(network.services, 1)}/32`, ports: [443] },
      { cidr: network.controlPlane, ports: [443] },
    ],
    objectStore: [outside(closed, [443])],
    identity: [
      { cidr: "169.254.169.254/32", ports: [80] },
      { cidr: "169.254.169.252/32", ports: [988] },
    ],
    closed,
  };
}
