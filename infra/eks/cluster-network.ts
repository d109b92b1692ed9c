import { address } from "../network/cidr";
import { linkLocal, outside } from "../network/destinations";
import type { ClusterNetwork } from "../platform";
import type { EksConfig } from "./config";

/**
 * The API answers on network interfaces in the private subnets, at addresses that EKS chooses. Policies are judged
 * before the translation of a service's address, by what the controller knows of the service's pods; that of the API
 * has none. S3 and the token service have public addresses.
 * @see https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html
 */
export function clusterNetwork({ network }: EksConfig): ClusterNetwork {
  const closed = [network.cidr, network.services, linkLocal];
  return {
    apiServer: [
      { cidr: `${address(network.services, 1)}/32`, ports: [443] },
      { cidr: network.cidr, ports: [443] },
    ],
    objectStore: [outside(closed, [443])],
    identity: [outside(closed, [443])],
    closed,
  };
}
