import {
  at,
  clusterHolds,
  list,
  openRanges,
  type PolicyFacts,
  type PoolBound,
} from "../policy-facts";

/** Owner, Contributor, User Access Administrator. */
const everyRight = [
  "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
  "b24988ac-6180-42a0-ab88-20f7382dd24c",
  "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
];

/** Azure facts for the policy rules. */
export const policy: PolicyFacts = {
  publicBuckets: {
    "azure-native:storage:StorageAccount": ({ props }) =>
      props["allowBlobPublicAccess"] === false
        ? []
        : ["allowBlobPublicAccess: set it to false"],
    "azure-native:storage:BlobContainer": ({ props }) =>
      ["None", undefined].includes(text(props["publicAccess"]))
        ? []
        : ["publicAccess: write None"],
  },
  openApis: {
    "azure-native:containerservice:ManagedCluster": ({ props }) => {
      const profile = props["apiServerAccessProfile"];
      if (at(profile, "enablePrivateCluster") === true) return [];
      return openRanges(
        "apiServerAccessProfile.authorizedIPRanges",
        list(at(profile, "authorizedIPRanges")),
      );
    },
  },
  broadRights: {
    "azure-native:authorization:RoleAssignment": ({ props }) =>
      everyRight.some((role) =>
        String(props["roleDefinitionId"]).toLowerCase().endsWith(role),
      )
        ? ["roleDefinitionId: a role with every right; name what is needed"]
        : [],
  },
  boundedPools: {
    "azure-native:containerservice:AgentPool": ({ props }) => [
      boundOf("", props),
    ],
    "azure-native:containerservice:ManagedCluster": ({ props }) =>
      list(props["agentPoolProfiles"]).map((pool, index) =>
        boundOf(`agentPoolProfiles[${index}].`, pool),
      ),
  },
  keyTypes: [/^azuread:.*(Password|Certificate)$/],
  providerKeys: {
    "pulumi:providers:azure-native": [
      "clientSecret",
      "clientCertificatePassword",
    ],
  },
  staticKeys: {
    "azure-native:storage:StorageAccount": ({ props }) =>
      props["allowSharedKeyAccess"] === false
        ? []
        : ["allowSharedKeyAccess: set it to false"],
    "azure-native:containerregistry:Registry": ({ props }) =>
      props["adminUserEnabled"] === true
        ? ["adminUserEnabled: set it to false"]
        : [],
    "azure-native:containerservice:ManagedCluster": ({ props }) =>
      props["disableLocalAccounts"] === true
        ? []
        : ["disableLocalAccounts: set it to true"],
  },
  holdings: [
    [/^azure-native:storage:(StorageAccount|BlobContainer)$/, "its objects"],
    [/^azure-native:compute:Disk$/, "its files"],
    [/^azure-native:containerregistry:Registry$/, "its images"],
    [/^azure-native:keyvault:(Vault|Key)$/, "everything encrypted with it"],
    [/^azure-native:containerservice:ManagedCluster$/, clusterHolds],
    [/^azure-native:resources:ResourceGroup$/, "everything in the group"],
  ],
  tags: {
    prefix: "azure-native:",
    own: ["tags"],
    untaggable: [
      /^azure-native:authorization:/,
      /^azure-native:storage:Blob(Container|ServiceProperties)$/,
      /^azure-native:storage:ManagementPolicy$/,
      /^azure-native:managedidentity:FederatedIdentityCredential$/,
      /^azure-native:network:(Subnet|SecurityRule|Route)$/,
    ],
  },
};

function boundOf(path: string, pool: unknown): PoolBound {
  const key = at(pool, "enableAutoScaling") === true ? "maxCount" : "count";
  return { path: `${path}${key}`, most: at(pool, key) };
}

function text(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}
