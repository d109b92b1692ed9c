import { address } from "../network/cidr";
import { linkLocal, outside } from "../network/destinations";
import type { ClusterNetwork } from "../platform";
import type { AksConfig } from "./config";

/** The platform's own address on every node, which hands out the node's certificates and extensions. */
const wireServer = "168.63.129.16/32";

/** The API has a public address that Azure chooses, or, without `apiAllow`, a private address in the virtual network. */
export function clusterNetwork({
  network,
  apiAllow,
}: AksConfig): ClusterNetwork {
  const closed = [
    network.cidr,
    network.pods,
    network.services,
    linkLocal,
    wireServer,
  ];
  return {
    apiServer: [
      { cidr: `${address(network.services, 1)}/32`, ports: [443] },
      apiAllow.length > 0
        ? outside(closed, [443])
        : { cidr: network.cidr, ports: [443] },
    ],
    objectStore: [outside(closed, [443])],
    identity: [outside(closed, [443])],
    closed,
  };
}
