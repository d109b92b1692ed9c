import type { Target } from "../target";
import { clusterNetwork } from "./cluster-network";
import { type AksConfig, checkPools, schema } from "./config";
import { azureSizes } from "./rules";

// Loaded when it is chosen: what belongs to one target must not slow the preview of another.
const load = () => require("./platform") as typeof import("./platform");
const loadCosts = () => require("./costs") as typeof import("./costs");

/** Azure Kubernetes Service. */
export const aks = {
  kind: "aks",
  schema,
  checkPools,
  clusterNetwork,
  nodeSize: ({ machineType = "" }) => azureSizes.size(machineType),
  costs: loadCosts,
  provision: (request) => new (load().AksPlatform)(request),
} satisfies Target<"aks", AksConfig>;
