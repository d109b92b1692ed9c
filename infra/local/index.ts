import { Garage } from "../object-store/garage";
import type { Target } from "../target";
import { checkPools, type LocalConfig, schema } from "./config";
import { LocalPlatform } from "./platform";

/** Kubernetes on this machine. */
export const local = {
  kind: "local",
  schema,
  checkPools,
  provision: (request) =>
    new LocalPlatform(
      request,
      (name, { kubeconfig, provider, storage }, opts) =>
        new Garage(
          name,
          {
            kubeconfig,
            provider,
            storageClass: storage.block,
            size: request.target.storeSize,
          },
          opts,
        ),
    ),
} satisfies Target<"local", LocalConfig>;
