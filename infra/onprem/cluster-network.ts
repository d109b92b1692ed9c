import { parseCidr } from "../network/cidr";
import { linkLocal } from "../network/destinations";
import { storeDestinations } from "../object-store/destinations";
import type { ClusterNetwork } from "../platform";
import type { OnpremConfig } from "./config";

/** Behind its service's address, the API answers on the hosts of the control plane, whatever its endpoint is. */
export function clusterNetwork(target: OnpremConfig): ClusterNetwork {
  const [endpoint = ""] = (target.endpoint ?? "").split(":");
  const closed = [
    ...target.hosts.map(({ address }) => `${address}/32`),
    // One that moves between hosts has all of their ports.
    ...(parseCidr(`${endpoint}/32`) ? [`${endpoint}/32`] : []),
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
