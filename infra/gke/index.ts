import type { Target } from "../target";
import { checkPools, type GkeConfig, schema } from "./config";
import { GkePlatform } from "./platform";

/** Google Kubernetes Engine. */
export const gke = {
  kind: "gke",
  schema,
  checkPools,
  provision: (request) => new GkePlatform(request.name, request),
} satisfies Target<"gke", GkeConfig>;
