import { linkLocal, outside } from "../network/destinations";
import { storeDestinations } from "../object-store/destinations";
import type { ClusterNetwork } from "../platform";
import type { ExistingConfig } from "./config";

/** Ports that API servers listen on in clusters of kubeadm, kind and k3d, of clouds, of minikube, and of MicroK8s. */
const apiPorts = [443, 6443, 8443, 16443];

/** Whoever made the cluster knows its ranges: all that is closed is what is the same everywhere. */
export function clusterNetwork(target: ExistingConfig): ClusterNetwork {
  const closed = [linkLocal];
  return {
    apiServer: [outside(closed, apiPorts)],
    objectStore: storeDestinations(target.objects, closed),
    identity: [],
    closed,
  };
}
