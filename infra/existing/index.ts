import type { Target } from "../target";
import { clusterNetwork } from "./cluster-network";
import { checkPools, type ExistingConfig, schema } from "./config";

// Loaded when it is chosen: what belongs to one target must not slow the preview of another.
const load = () => require("./platform") as typeof import("./platform");

/** A cluster that is there already. */
export const existing = {
  kind: "existing",
  schema,
  checkPools,
  clusterNetwork,
  onOwnMachine: true,
  provision: (request) => new (load().ExistingPlatform)(request),
} satisfies Target<"existing", ExistingConfig>;
