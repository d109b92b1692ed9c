import { cluster, type ClusterAddress } from "../supply/plugins/clouds/cluster";
import { type StandIn, text } from "../supply/plugins/clouds/stand-in";

/** A subscription of nobody. */
export const subscription = "00000000-0000-4000-8000-000000000001";

/**
 * Outputs that Azure computes, and inputs that cannot be updated in place.
 *
 * @see https://learn.microsoft.com/azure/aks/resize-node-pool
 */
export const standIn: StandIn = {
  outputs: {
    "azure-native:resources:ResourceGroup": ({ resourceGroupName }) => ({
      name: resourceGroupName,
    }),
    "azure-native:containerservice:ManagedCluster": ({ resourceName }) => ({
      name: resourceName,
      oidcIssuerProfile: { issuerURL: "https://issuer.aks.example/1/" },
      identityProfile: { kubeletidentity: { objectId: "kubelet-object" } },
    }),
    "azure-native:managedidentity:UserAssignedIdentity": ({
      resourceName,
    }) => ({
      name: resourceName,
      principalId: `${text(resourceName)}-principal`,
      clientId: `${text(resourceName)}-client`,
    }),
    "azure-native:storage:StorageAccount": ({ accountName }) => ({
      name: accountName,
    }),
    "azure-native:storage:BlobContainer": ({ containerName }) => ({
      name: containerName,
    }),
    "azure-native:containerregistry:Registry": ({ registryName }) => ({
      loginServer: `${text(registryName)}.azurecr.io`,
    }),
    "azure-native:network:PublicIPAddress": ({ publicIpAddressName }) => ({
      ipAddress: `198.51.100.${/\d+$/.exec(text(publicIpAddressName))?.[0] ?? ""}`,
    }),
    "azure-native:network:VirtualNetwork": ({ virtualNetworkName }) => ({
      name: virtualNetworkName,
    }),
  },
  calls: {
    "azure-native:containerservice:listManagedClusterUserCredentials": () => ({
      kubeconfigs: [
        {
          name: "user",
          value: Buffer.from(aksKubeconfig(cluster())).toString("base64"),
        },
      ],
    }),
  },
  fixed: {
    "azure-native:containerservice:AgentPool": ["scaleSetPriority", "vmSize"],
  },
  identity(type, name, inputs) {
    const [, module = "", kind = ""] = type.split(":");
    const group = text(inputs["resourceGroupName"]) || name;
    const root = `/subscriptions/${subscription}/resourceGroups/${group}`;
    return {
      name,
      id:
        kind === "ResourceGroup"
          ? root
          : `${root}/providers/Microsoft.${module.split("/")[0] ?? ""}/${kind}/${name}`,
    };
  },
};

/** A kubeconfig as AKS hands it out, for a cluster that is entered through Entra ID. */
const aksKubeconfig = ({
  host,
  certificateAuthority,
}: ClusterAddress) => `apiVersion: v1
kind: Config
clusters:
  - name: mlstack
    cluster:
      server: https://${host}
      certificate-authority-data: ${certificateAuthority}
contexts: [{ name: mlstack, context: { cluster: mlstack, user: person } }]
current-context: mlstack
users:
  - name: person
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1beta1
        command: kubelogin
        args: [get-token, --server-id, "1", --login, devicecode]
`;
