import type { Target } from "../target";
import { checkPools, type OnpremConfig, schema } from "./config";
import { OnpremPlatform } from "./platform";

/** Kubernetes on hosts of one's own. */
export const onprem = {
  kind: "onprem",
  schema,
  checkPools,
  provision: (request) => new OnpremPlatform(request.name, request),
} satisfies Target<"onprem", OnpremConfig>;
