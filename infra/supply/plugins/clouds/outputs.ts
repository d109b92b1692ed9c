type Properties = Readonly<Record<string, unknown>>;

/** An account, project and subscription of nobody. */
export const account = "123456789012";
export const project = "mlstack-test";
export const subscription = "00000000-0000-4000-8000-000000000001";

/** Where a cluster of a cloud answers. */
export interface ClusterAddress {
  readonly host: string;
  /** Base64. */
  readonly certificateAuthority: string;
}

/** Every cloud hands out the cluster of this variable, a `ClusterAddress` as JSON; without it, one that is nowhere. */
export const clusterVariable = "MLSTACK_GENERIC_PROVIDER_CLUSTER";

function cluster(): ClusterAddress {
  const given = process.env[clusterVariable];
  return given
    ? (JSON.parse(given) as ClusterAddress)
    : { host: "cluster.example", certificateAuthority: "Q0E=" };
}

const byType: Readonly<
  Record<string, (inputs: Properties, name: string) => Properties>
> = {
  "aws:eks/cluster:Cluster": () => ({
    endpoint: `https://${cluster().host}`,
    certificateAuthority: { data: cluster().certificateAuthority },
    identities: [{ oidcs: [{ issuer: "https://oidc.eks.example/id/1" }] }],
  }),
  "aws:s3/bucket:Bucket": ({ bucket }) => ({
    arn: `arn:aws:s3:::${text(bucket)}`,
  }),
  "aws:iam/role:Role": (_, name) => ({
    name,
    arn: `arn:aws:iam::${account}:role/${name}`,
  }),
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": () => ({
    arn: `arn:aws:iam::${account}:oidc-provider/oidc.eks.example/id/1`,
  }),
  "aws:kms/key:Key": (_, name) => ({
    keyId: name,
    arn: `arn:aws:kms:eu-central-1:${account}:key/${name}`,
  }),
  "aws:ec2/launchTemplate:LaunchTemplate": () => ({ latestVersion: 1 }),
  "gcp:compute/router:Router": (_, name) => ({ name }),
  "gcp:container/cluster:Cluster": ({ name, location }) => ({
    id: `projects/${project}/locations/${text(location)}/clusters/${text(name)}`,
    endpoint: cluster().host,
    masterAuth: { clusterCaCertificate: cluster().certificateAuthority },
  }),
  "gcp:serviceaccount/account:Account": ({ accountId }) => {
    const email = `${text(accountId)}@${project}.iam.gserviceaccount.com`;
    return { email, name: `projects/${project}/serviceAccounts/${email}` };
  },
  "gcp:artifactregistry/repository:Repository": ({ repositoryId }) => ({
    name: repositoryId,
  }),
  "azure-native:resources:ResourceGroup": ({ resourceGroupName }) => ({
    name: resourceGroupName,
  }),
  "azure-native:containerservice:ManagedCluster": ({ resourceName }) => ({
    name: resourceName,
    oidcIssuerProfile: { issuerURL: "https://issuer.aks.example/1/" },
    identityProfile: { kubeletidentity: { objectId: "kubelet-object" } },
  }),
  "azure-native:managedidentity:UserAssignedIdentity": ({ resourceName }) => ({
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
  "azure-native:network:PublicIPAddress": () => ({ ipAddress: "198.51.100.7" }),
  "azure-native:network:VirtualNetwork": ({ virtualNetworkName }) => ({
    name: virtualNetworkName,
  }),
};

/** What the clouds add to the inputs of a resource: as much of it as the targets read. */
export function cloudOutputs(
  type: string,
  inputs: Properties,
  name: string,
): Properties {
  return byType[type]?.(inputs, name) ?? {};
}

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

/** Functions of the clouds that the targets call. */
export const cloudCalls = {
  "azure-native:containerservice:listManagedClusterUserCredentials": () => ({
    kubeconfigs: [
      {
        name: "user",
        value: Buffer.from(aksKubeconfig(cluster())).toString("base64"),
      },
    ],
  }),
};

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
