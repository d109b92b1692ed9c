import * as managedidentity from "@pulumi/azure-native/managedidentity";
import * as pulumi from "@pulumi/pulumi";

import type { OwnGrant } from "../grants";
import type { Identity, IdentityArgs } from "../platform";
import { AdlsAccess } from "./adls-access";
import type { AdlsBucket } from "./bucket";
import { assignRole } from "./role";
import { roles } from "./rules";
import { federationAudience } from "./sign-in";

/** Arguments of an identity, and the containers it may access. */
export interface FederatedIdentityArgs {
  readonly subscription: string;
  readonly tenant: string;
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: string;
  readonly identityName: string;
  /** Issuer of the cluster's tokens. */
  readonly issuer: pulumi.Input<string>;
  readonly serviceAccount: IdentityArgs["serviceAccount"];
  readonly grants: readonly OwnGrant<AdlsBucket>[];
  /** Kubeconfig of the cluster. Secret. */
  readonly kubeconfig: pulumi.Input<string>;
  readonly tags: Readonly<Record<string, string>>;
}

const dataRoles = {
  read: roles.blobDataReader,
  write: roles.blobDataContributor,
} as const;

/** A managed identity that one service account of the cluster signs in as, and nobody else. */
export class FederatedIdentity
  extends pulumi.ComponentResource
  implements Identity
{
  readonly annotations: Identity["annotations"];
  readonly podLabels = { "azure.workload.identity/use": "true" };
  readonly env = [];
  readonly hadoopConf: Identity["hadoopConf"];
  readonly ready: readonly pulumi.Resource[];
  private readonly access: readonly pulumi.Resource[];
  private readonly clientId: pulumi.Output<string>;

  constructor(
    private readonly name: string,
    private readonly args: FederatedIdentityArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:FederatedIdentity", name, {}, opts);
    const { resourceGroupName, serviceAccount, tenant } = args;
    const managed = new managedidentity.UserAssignedIdentity(
      `${name}-identity`,
      {
        resourceGroupName,
        location: args.location,
        resourceName: args.identityName,
        tags: args.tags,
      },
      { parent: this },
    );
    const credential = new managedidentity.FederatedIdentityCredential(
      `${name}-federation`,
      {
        resourceGroupName,
        resourceName: managed.name,
        federatedIdentityCredentialResourceName: "cluster",
        issuer: args.issuer,
        subject: `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}`,
        audiences: [federationAudience],
      },
      { parent: this },
    );
    const granted = args.grants.map(({ bucket, access }) =>
      assignRole(
        `${name}-${bucket.name}`,
        {
          subscription: args.subscription,
          role: dataRoles[access],
          principalId: managed.principalId,
          principalType: "ServicePrincipal",
          owner: args.identityName,
          scope: bucket.container.id,
        },
        { parent: this },
      ),
    );
    this.access = [credential, ...granted];
    this.clientId = managed.clientId;
    this.annotations = {
      "azure.workload.identity/client-id": managed.clientId,
      "azure.workload.identity/tenant-id": tenant,
    };
    this.hadoopConf = abfsConf(tenant, managed.clientId);
    this.ready = [this];
    this.registerOutputs({});
  }

  /** Roles and federated credentials are known minutes after they are made, and jobs of before are refused. */
  admitted(account: pulumi.Resource): readonly pulumi.Resource[] {
    const { name, args } = this;
    if (args.grants.length === 0) return [];
    return [
      new AdlsAccess(
        `${name}-access`,
        {
          kubeconfig: args.kubeconfig,
          namespace: args.serviceAccount.namespace,
          serviceAccount: args.serviceAccount.name,
          tenant: args.tenant,
          clientId: this.clientId,
          containers: args.grants.map(({ bucket }) => bucket.address),
        },
        { parent: this, dependsOn: [account, ...this.access] },
      ),
    ];
  }
}

/** The webhook of workload identity mounts the token there, in pods with the label. */
const tokenFile = "/var/run/secrets/azure/tokens/azure-identity-token";

/** Settings of the ABFS connector (Hadoop 3.4.1 and later) for every account that the identity may use. */
function abfsConf(
  tenant: string,
  clientId: pulumi.Output<string>,
): Identity["hadoopConf"] {
  return {
    "fs.abfss.impl": "org.apache.hadoop.fs.azurebfs.SecureAzureBlobFileSystem",
    "fs.AbstractFileSystem.abfss.impl": "org.apache.hadoop.fs.azurebfs.Abfss",
    "fs.azure.account.auth.type": "OAuth",
    "fs.azure.account.oauth.provider.type":
      "org.apache.hadoop.fs.azurebfs.oauth2.WorkloadIdentityTokenProvider",
    "fs.azure.account.oauth2.msi.tenant": tenant,
    "fs.azure.account.oauth2.client.id": clientId,
    "fs.azure.account.oauth2.token.file": tokenFile,
  };
}
