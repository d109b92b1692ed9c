import type { Target } from "../target";
import { clusterNetwork } from "./cluster-network";
import { checkPools, type LocalConfig, schema } from "./config";
import { LocalPlatform } from "./platform";

/** Kubernetes on this machine. */
export const local = {
  kind: "local",
  schema,
  checkPools,
  clusterNetwork,
  provision: (request) => new LocalPlatform(request),
} satisfies Target<"local", LocalConfig>;
