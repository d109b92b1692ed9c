import * as pulumi from "@pulumi/pulumi";

import type { DeclaredResource } from "../../infra/prices/bill";
import { cloudCalls } from "../../infra/supply/plugins/clouds/outputs";
import { platformOutputs } from "../../infra/supply/plugins/platform-outputs";

/** Manifests are the provider's to read: a kustomization or chart stands as one resource. */
const manifestCalls: Readonly<Record<string, () => object>> = {
  "kubernetes:kustomize:directory": () => ({ result: [] }),
  "kubernetes:helm:template": () => ({ result: [] }),
};

const calls: Readonly<Record<string, () => object>> = {
  ...cloudCalls,
  ...manifestCalls,
};

/**
 * What the program declares for a stack: it runs here as it would in the engine, with nothing behind it, so neither
 * engine, state nor cloud is needed.
 *
 * @param config values as in the stack's file, keys with their namespace; texts in place of secrets
 */
export async function declaredResources(
  stack: string,
  config: Readonly<Record<string, unknown>>,
): Promise<readonly DeclaredResource[]> {
  const declared: DeclaredResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        const given = inputs as Readonly<Record<string, unknown>>;
        declared.push({ type, name, inputs: given });
        const state = { ...given, ...platformOutputs(type, given, name) };
        return { id: `${name}-id`, state };
      },
      call({ token, inputs }) {
        return (calls[token]?.() ?? inputs) as Record<string, unknown>;
      },
    },
    "mlstack",
    stack,
    false,
  );
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(config).map(([key, value]) => [
        key,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  );
  await pulumi.runtime.runInPulumiStack(async () => {
    // The program is a module, which a second stack must run again.
    delete require.cache[require.resolve("../index")];
    const outputs = require("../index") as Record<string, unknown>;
    return Promise.resolve(outputs);
  });
  await pulumi.runtime.disconnect();
  return declared;
}
