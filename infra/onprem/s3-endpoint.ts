import type { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { keyPairIdentity } from "../object-store/key-pair";
import type { ObjectStore } from "../object-store/store";
import type {
  Bucket,
  BucketArgs,
  Identity,
  IdentityArgs,
  StringMap,
} from "../platform";
import { describeProblem } from "../problem";
import type { OnpremConfig } from "./config";

/** An S3 endpoint that is there already. */
export type S3Endpoint = Extract<OnpremConfig["objects"], { kind: "s3" }>;

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
export class ExternalStore implements ObjectStore {
  constructor(
    private readonly endpoint: S3Endpoint,
    private readonly cluster: Provider,
  ) {}

  bucket(
    name: string,
    _args: BucketArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Bucket {
    const physical = this.endpoint.bucketPrefix + name;
    return new NamedBucket(name, physical, opts);
  }

  identity(
    name: string,
    args: IdentityArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Identity {
    const { namespace } = args.serviceAccount;
    const pair = this.endpoint.keys[namespace];
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
        hadoopConf: s3aConf(this.endpoint),
      },
      opts,
    );
  }
}

function s3aConf({ endpoint, region }: S3Endpoint): StringMap {
  return {
    "fs.s3a.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "fs.s3a.endpoint": endpoint,
    "fs.s3a.endpoint.region": region,
    "fs.s3a.path.style.access": "true",
    "fs.s3a.connection.ssl.enabled": String(endpoint.startsWith("https:")),
    "fs.s3a.aws.credentials.provider":
      "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider",
  };
}
