import type { Target } from "../target";
import { clusterNetwork } from "./cluster-network";
import { checkPools, type OnpremConfig, schema } from "./config";

// Loaded when it is chosen: what belongs to one target must not slow the preview of another.
const load = () => require("./platform") as typeof import("./platform");
const loadCosts = () => require("./costs") as typeof import("./costs");

/** Kubernetes on hosts of one's own. */
export const onprem = {
  kind: "onprem",
  schema,
  checkPools,
  clusterNetwork,
  costs: loadCosts,
  provision: (request) => new (load().OnpremPlatform)(request),
} satisfies Target<"onprem", OnpremConfig>;
