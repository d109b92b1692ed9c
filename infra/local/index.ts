import type { Target } from "../target";
import { audit } from "./audit";
import { clusterNetwork } from "./cluster-network";
import { checkPools, type LocalConfig, schema } from "./config";
import { policy } from "./policy";

// Loaded when it is chosen: what belongs to one target must not slow the preview of another.
const load = () => require("./platform") as typeof import("./platform");

/** Kubernetes on this machine. */
export const local = {
  kind: "local",
  schema,
  checkPools,
  clusterNetwork,
  onOwnMachine: true,
  audit,
  policy,
  provision: (request) => new (load().LocalPlatform)(request),
} satisfies Target<"local", LocalConfig>;
