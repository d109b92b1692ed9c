import { linkLocal } from "../destinations";
import { storeDestinations } from "../object-store/destinations";
import type { ClusterNetwork } from "../platform";
import type { OnpremConfig } from "./config";

/** Behind its service's address, the API answers on the hosts of the control plane, whatever its endpoint is. */
export function clusterNetwork(target: OnpremConfig): ClusterNetwork {
  const closed = [
    ...target.hosts.map(({ address }) => `${address}/32`),
    target.network.pods,
    target.network.services,
    linkLocal,
  ];
  return {
    apiServer: target.hosts
      .filter(({ role }) => role === "control-plane")
      .map(({ address }) => ({ cidr: `${address}/32`, ports: [6443] })),
    objectStore: storeDestinations(target.objects, closed),
    identity: [],
    closed,
  };
}
