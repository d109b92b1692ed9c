import { address } from "../network/cidr";
import { linkLocal, outside } from "../network/destinations";
import type { ClusterNetwork } from "../platform";
import type { KapsuleConfig } from "./config";

/** Scaleway has no identities of pods: their keys are in secrets, and nothing is to be asked for them. */
export function clusterNetwork({ network }: KapsuleConfig): ClusterNetwork {
  const closed = [network.nodes, network.pods, network.services, linkLocal];
  return {
    apiServer: [
      { cidr: `${address(network.services, 1)}/32`, ports: [443] },
      // Its address in the private network, and its public one where it has one.
      { cidr: network.nodes, ports: [6443] },
      outside(closed, [6443]),
    ],
    objectStore: [outside(closed, [443])],
    identity: [],
    closed,
  };
}
