import * as ecr from "@pulumi/aws/ecr";
import * as pulumi from "@pulumi/pulumi";

import type { ImageRegistry } from "../platform";

/** Arguments of the image registry. */
export interface RegistryArgs {
  readonly account: string;
  readonly region: string;
  /** First part of the repositories' names. */
  readonly path: string;
  /** Whether images go with the stack. */
  readonly forceDelete: boolean;
}

/** ECR: one repository an image, scanned, its tags fixed. It takes no push to a repository that is not there. */
export class EcrRegistry
  extends pulumi.ComponentResource
  implements ImageRegistry
{
  readonly prefix: string;

  private readonly repositories = new Map<string, ecr.Repository>();

  constructor(
    private readonly name: string,
    private readonly args: RegistryArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:EcrRegistry", name, {}, opts);
    const { account, region, path } = args;
    this.prefix = `${account}.dkr.ecr.${region}.amazonaws.com/${path}`;
    this.registerOutputs({ prefix: this.prefix });
  }

  room(image: string): ecr.Repository {
    const found = this.repositories.get(image);
    if (found) return found;
    const { path, forceDelete } = this.args;
    const made = new ecr.Repository(
      `${this.name}-${image}`,
      {
        name: `${path}/${image}`,
        // A tag is the hash of what the image was made from.
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: "AES256" }],
        forceDelete,
      },
      { parent: this },
    );
    this.repositories.set(image, made);
    return made;
  }
}
