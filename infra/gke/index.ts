import type { Target } from "../target";
import { clusterNetwork } from "./cluster-network";
import { checkPools, type GkeConfig, schema } from "./config";
import { computeEngine } from "./rules";

// Loaded when it is chosen: what belongs to one target must not slow the preview of another.
const load = () => require("./platform") as typeof import("./platform");
const loadCosts = () => require("./costs") as typeof import("./costs");

/** Google Kubernetes Engine. */
export const gke = {
  kind: "gke",
  schema,
  checkPools,
  clusterNetwork,
  nodeSize: ({ machineType = "" }) => computeEngine.size(machineType),
  costs: loadCosts,
  provision: (request) => new (load().GkePlatform)(request),
} satisfies Target<"gke", GkeConfig>;
