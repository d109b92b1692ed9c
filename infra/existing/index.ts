import type { Target } from "../target";
import { checkPools, type ExistingConfig, schema } from "./config";
import { ExistingPlatform } from "./platform";

/** A cluster that is there already. */
export const existing = {
  kind: "existing",
  schema,
  checkPools,
  provision: (request) => new ExistingPlatform(request),
} satisfies Target<"existing", ExistingConfig>;
