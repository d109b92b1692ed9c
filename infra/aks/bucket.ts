import * as storage from "@pulumi/azure-native/storage";
import * as pulumi from "@pulumi/pulumi";

import type { Bucket, BucketArgs } from "../platform";

/** Location and name of a storage account. */
export interface AdlsBucketArgs extends BucketArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: string;
  readonly accountName: string;
  readonly containerName: string;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * A container in a storage account of its own: with directories (hierarchical namespace), without keys and public
 * access. What is kept of the past is a setting of the account, so buckets cannot share one.
 */
export class AdlsBucket extends pulumi.ComponentResource implements Bucket {
  /** The account; what holds the data. */
  readonly resource: storage.StorageAccount;
  readonly container: storage.BlobContainer;
  readonly uri: pulumi.Output<string>;
  /** HTTPS address of the container. */
  readonly address: pulumi.Output<string>;

  constructor(
    /** Name in the stack. */
    readonly name: string,
    args: AdlsBucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:AdlsBucket", name, {}, opts);
    this.resource = this.account(name, args);
    this.keepDeleted(name, args);
    this.container = new storage.BlobContainer(
      `${name}-container`,
      {
        resourceGroupName: args.resourceGroupName,
        accountName: this.resource.name,
        containerName: args.containerName,
        publicAccess: "None",
      },
      { parent: this, protect: args.protect },
    );
    const host = pulumi.interpolate`${this.resource.name}.dfs.core.windows.net`;
    this.uri = pulumi.interpolate`abfss://${this.container.name}@${host}`;
    this.address = pulumi.interpolate`https://${host}/${this.container.name}`;
    this.registerOutputs({ uri: this.uri });
  }

  private account(name: string, args: AdlsBucketArgs): storage.StorageAccount {
    return new storage.StorageAccount(
      `${name}-account`,
      {
        resourceGroupName: args.resourceGroupName,
        location: args.location,
        accountName: args.accountName,
        kind: "StorageV2",
        sku: { name: "Standard_ZRS" },
        isHnsEnabled: true,
        allowBlobPublicAccess: false,
        allowSharedKeyAccess: false,
        allowCrossTenantReplication: false,
        defaultToOAuthAuthentication: true,
        enableHttpsTrafficOnly: true,
        minimumTlsVersion: "TLS1_2",
        tags: args.tags,
      },
      { parent: this, protect: args.protect },
    );
  }

  /**
   * An account with directories has no versions of blobs, but keeps what is deleted or overwritten for as long as is
   * said; unfinished uploads end by themselves after a week.
   *
   * @see https://learn.microsoft.com/azure/storage/blobs/storage-feature-support-in-storage-accounts
   */
  private keepDeleted(name: string, args: AdlsBucketArgs): void {
    const days = args.expireNoncurrentDays;
    const retention = args.versioned
      ? { enabled: true, days: Math.min(days, 365) }
      : { enabled: false };
    new storage.BlobServiceProperties(
      `${name}-retention`,
      {
        resourceGroupName: args.resourceGroupName,
        accountName: this.resource.name,
        blobServicesName: "default",
        deleteRetentionPolicy: retention,
        containerDeleteRetentionPolicy: retention,
      },
      { parent: this },
    );
  }
}
