import type { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import type { Bucket, BucketArgs, Identity, IdentityArgs } from "../platform";
import { describeProblem } from "../problem";
import type { ObjectsConfig } from "./config";
import { keyPairIdentity } from "./key-pair-identity";
import type { ObjectStore } from "./object-store";

/** A bucket that somebody else made and keeps. */
export class NamedBucket extends pulumi.ComponentResource implements Bucket {
  readonly resource = this;
  readonly uri: pulumi.Output<string>;

  constructor(
    /** Name in the stack. */
    readonly name: string,
    bucketName: string,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:NamedBucket", name, {}, opts);
    this.uri = pulumi.output(`s3a://${bucketName}`);
    this.registerOutputs({ uri: this.uri });
  }
}

/** Buckets and keys of an endpoint that this program does not administer: what a key may do is settled there. */
export class S3Endpoint implements ObjectStore {
  constructor(
    private readonly objects: Extract<ObjectsConfig, { kind: "s3" }>,
    private readonly cluster: Provider,
  ) {}

  bucket(
    name: string,
    _args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Bucket {
    const physical = this.objects.bucketPrefix + name;
    return new NamedBucket(name, physical, opts);
  }

  identity(
    name: string,
    args: IdentityArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    const { namespace } = args.serviceAccount;
    const pair = this.objects.keys[namespace];
    if (!pair) {
      throw new RangeError(
        describeProblem({
          path: `target.objects.keys.${namespace}`,
          value: undefined,
          remedy:
            "set the key pair of this namespace, which its buckets are granted to at the endpoint, as secrets",
        }),
      );
    }
    return keyPairIdentity(
      name,
      {
        accessKeyId: pair.accessKeyId,
        secretAccessKey: pulumi.secret(pair.secretAccessKey),
        serviceAccount: args.serviceAccount,
        cluster: this.cluster,
        address: this.objects,
      },
      opts,
    );
  }
}
