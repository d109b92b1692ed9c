import type { Platform } from "../platform";
import type { Lifetime } from "../target";

/** An S3-compatible store that serves a platform whose target has no object storage of its own. */
export type ObjectStore = Pick<Platform, "bucket" | "identity">;

/** The cluster that the store serves. */
export type StoreCluster = Pick<
  Platform,
  "kubeconfig" | "provider" | "storage" | "images"
> & { readonly lifetime: Lifetime };
