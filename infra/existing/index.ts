import type { Target } from "../target";
import { clusterNetwork } from "./cluster-network";
import { checkPools, type ExistingConfig, schema } from "./config";
import { ExistingPlatform } from "./platform";

/** A cluster that is there already. */
export const existing = {
  kind: "existing",
  schema,
  checkPools,
  clusterNetwork,
  provision: (request) => new ExistingPlatform(request),
} satisfies Target<"existing", ExistingConfig>;
