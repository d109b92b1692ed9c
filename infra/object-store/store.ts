import type { Platform } from "../platform";

/** An S3-compatible store that serves a platform whose target has no object storage of its own. */
export type ObjectStore = Pick<Platform, "bucket" | "identity">;
