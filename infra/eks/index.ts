import type { Target } from "../target";
import { clusterNetwork } from "./cluster-network";
import { checkPools, type EksConfig, schema } from "./config";
import { ec2 } from "./rules";

// Loaded when it is chosen: what belongs to one target must not slow the preview of another.
const load = () => require("./platform") as typeof import("./platform");
const loadCosts = () => require("./costs") as typeof import("./costs");

/** Amazon EKS. */
export const eks = {
  kind: "eks",
  schema,
  checkPools,
  clusterNetwork,
  nodeSize: ({ machineType = "" }) => ec2.size(machineType),
  costs: loadCosts,
  provision: (request) => new (load().EksPlatform)(request),
} satisfies Target<"eks", EksConfig>;
