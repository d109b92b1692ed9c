import type { Target } from "../target";
import { checkPools, type EksConfig, schema } from "./config";
import { EksPlatform } from "./platform";

/** Amazon EKS. */
export const eks = {
  kind: "eks",
  schema,
  checkPools,
  provision: (request) => new EksPlatform(request.name, request),
} satisfies Target<"eks", EksConfig>;
