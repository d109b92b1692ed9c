import * as pulumi from "@pulumi/pulumi";

import { contextHash, type ImageContext } from "./image-context";
import type { ImageRegistry } from "./platform";

/** Sources of an image, and the registry that it is pushed to. */
export interface ImageArgs extends ImageContext {
  /** Last part of the repository's name, such as `spark`. */
  readonly image: string;
  /** Arguments of the build, such as the image to start from. */
  readonly args?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly registry: ImageRegistry;
}

/**
 * An image, built by whatever builder the machine has and pushed to the target's registry, unless it is there
 * already. Its tag is a hash of what it is made of, so a preview shows which images a change rebuilds.
 */
export class Image extends pulumi.CustomResource {
  /** Full reference: `<prefix>/<image>:<hash>`. */
  declare readonly ref: pulumi.Output<string>;

  constructor(
    name: string,
    { registry, ...args }: ImageArgs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    const room = registry.room?.(args.image);
    super(
      "mlstack:index:Image",
      name,
      {
        ...args,
        contentHash: contextHash(args),
        prefix: registry.prefix,
        storage: registry.storage,
        load: registry.load,
        ref: undefined,
      },
      room ? pulumi.mergeOptions({ dependsOn: room }, opts) : opts,
    );
  }
}
