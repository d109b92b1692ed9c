import { linkLocal } from "../network/destinations";
import { storeDestinations } from "../object-store/destinations";
import type { ClusterNetwork } from "../platform";
import type { LocalConfig } from "./config";
import { apiAddress } from "./layout";

/** The subnet has the nodes, the control plane with the registry of images, and this machine itself. */
export function clusterNetwork(target: LocalConfig): ClusterNetwork {
  const closed = [target.subnet, target.podCidr, target.serviceCidr, linkLocal];
  const [host = "", port] = apiAddress(target).split(":");
  return {
    apiServer: [{ cidr: `${host}/32`, ports: [Number(port)] }],
    objectStore: storeDestinations(target.objects, closed),
    identity: [],
    closed,
  };
}
