import * as ecr from "@pulumi/aws/ecr";
import * as pulumi from "@pulumi/pulumi";

import type { ImageRegistry } from "../platform";

/** Where images are kept, and which there will be. */
export interface RegistryArgs {
  readonly account: string;
  readonly region: string;
  /** First part of the repositories' names. */
  readonly path: string;
  /** Names of the images; ECR has a repository for each, and takes no push to one that is not there. */
  readonly images: readonly string[];
  /** Whether images go with the stack. */
  readonly forceDelete: boolean;
}

/** One ECR repository an image, scanned, its tags fixed. */
export class EcrRegistry
  extends pulumi.ComponentResource
  implements ImageRegistry
{
  readonly prefix: pulumi.Output<string>;

  constructor(
    name: string,
    { account, region, path, images, forceDelete }: RegistryArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:EcrRegistry", name, {}, opts);
    const repositories = images.map(
      (image) =>
        new ecr.Repository(
          `${name}-${image}`,
          {
            name: `${path}/${image}`,
            // A tag is the hash of what the image was made from.
            imageTagMutability: "IMMUTABLE",
            imageScanningConfiguration: { scanOnPush: true },
            encryptionConfigurations: [{ encryptionType: "AES256" }],
            forceDelete,
          },
          { parent: this },
        ),
    );
    // The prefix is known without them, but of use only once they are there.
    this.prefix = pulumi
      .all(repositories.map((repository) => repository.id))
      .apply(() => `${account}.dkr.ecr.${region}.amazonaws.com/${path}`);
    this.registerOutputs({ prefix: this.prefix });
  }
}
