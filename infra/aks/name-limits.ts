import { given, type NameLimit } from "../names/name-limits";

const azureNames =
  "https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules";

/** Names of Azure that a name space limits, or that something else derives names from. */
export const nameLimits = {
  ResourceGroup: given(
    "azure-native:resources:ResourceGroup",
    "resourceGroupName",
    90,
    azureNames,
  ),
  ManagedCluster: given(
    "azure-native:containerservice:ManagedCluster",
    "resourceName",
    63,
    azureNames,
  ),
  NodeResourceGroup: given(
    "azure-native:containerservice:ManagedCluster",
    "nodeResourceGroup",
    80,
    "https://learn.microsoft.com/azure/aks/faq",
  ),
  AgentPool: given(
    "azure-native:containerservice:AgentPool",
    "agentPoolName",
    12,
    "https://learn.microsoft.com/azure/aks/create-node-pools#limitations",
  ),
  StorageAccount: given(
    "azure-native:storage:StorageAccount",
    "accountName",
    24,
    azureNames,
  ),
  VirtualNetwork: given(
    "azure-native:network:VirtualNetwork",
    "virtualNetworkName",
    64,
    azureNames,
  ),
  UserAssignedIdentity: given(
    "azure-native:managedidentity:UserAssignedIdentity",
    "resourceName",
    128,
    azureNames,
  ),
} as const satisfies Readonly<Record<string, NameLimit>>;
