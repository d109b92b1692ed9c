import { cluster } from "../supply/plugins/clouds/cluster";
import { type StandIn, text } from "../supply/plugins/clouds/stand-in";

/** A project of nobody. */
export const project = "00000000-0000-4000-8000-000000000007";

/** Outputs that Scaleway computes, and inputs that cannot be updated in place. */
export const standIn: StandIn = {
  outputs: {
    "scaleway:kubernetes/cluster:Cluster": () => ({
      apiserverUrl: `https://${cluster().host}`,
      kubeconfigs: [{ clusterCaCertificate: cluster().certificateAuthority }],
    }),
    "scaleway:network/publicGatewayIp:PublicGatewayIp": () => ({
      address: "198.51.100.9",
    }),
    "scaleway:iam/apiKey:ApiKey": (_, name) => ({
      accessKey: `SCW${name}`,
      secretKey: "0",
    }),
    "scaleway:registry/namespace:Namespace": ({ name, region }) => ({
      endpoint: `rg.${text(region)}.scw.cloud/${text(name)}`,
    }),
  },
  calls: {},
  fixed: {
    "scaleway:kubernetes/pool:Pool": [
      "nodeType",
      "publicIpDisabled",
      "rootVolumeSizeInGb",
      "rootVolumeType",
    ],
    "scaleway:kubernetes/cluster:Cluster": ["cni", "podCidr", "serviceCidr"],
  },
  identity: () => ({}),
};
