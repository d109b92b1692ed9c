import type { Target } from "../target";
import { type AksConfig, checkPools, schema } from "./config";
import { AksPlatform } from "./platform";

/** Azure Kubernetes Service. */
export const aks = {
  kind: "aks",
  schema,
  checkPools,
  provision: (request) => new AksPlatform(request.name, request),
} satisfies Target<"aks", AksConfig>;
