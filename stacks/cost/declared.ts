import * as pulumi from "@pulumi/pulumi";

import type { DeclaredResource } from "../../infra/prices/bill";
import { cloudCalls } from "../../infra/supply/plugins/clouds/outputs";
import { platformOutputs } from "../../infra/supply/plugins/platform-outputs";

/** Answers to the functions that the program calls. A kustomization or chart stands as one resource. */
export const programCalls: Readonly<Record<string, () => object>> = {
  ...cloudCalls(),
  "kubernetes:kustomize:directory": () => ({ result: [] }),
  "kubernetes:helm:template": () => ({ result: [] }),
};

/**
 * Runs the program in this process, once mocks are set.
 *
 * @param config values as in the stack's file, keys with their namespace; texts in place of secrets
 * @returns outputs of the program
 */
export function runProgram(config: Readonly<Record<string, unknown>>): unknown {
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(config).map(([key, value]) => [
        key,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  );
  // The program is a module, which a second stack must run again.
  delete require.cache[require.resolve("../index")];
  return require("../index") as unknown;
}

/** A resource, and the provider that it names. */
export interface ProvidedResource extends DeclaredResource {
  /** URN and ID of the explicit provider; empty where it names none. */
  readonly provider: string;
}

/**
 * Resources that the program declares for a stack. It runs with mocks, so neither engine, state nor cloud is needed.
 *
 * @param config as of {@link runProgram}
 */
export async function declaredResources(
  stack: string,
  config: Readonly<Record<string, unknown>>,
): Promise<readonly ProvidedResource[]> {
  const resources: ProvidedResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs, provider = "" }) {
        const given = inputs as Readonly<Record<string, unknown>>;
        resources.push({ type, name, inputs: given, provider });
        const state = { ...given, ...platformOutputs(type, given, name) };
        return { id: `${name}-id`, state };
      },
      call({ token, inputs }) {
        return (programCalls[token]?.() ?? inputs) as Record<string, unknown>;
      },
    },
    "mlstack",
    stack,
    false,
  );
  await pulumi.runtime.runInPulumiStack(() =>
    Promise.resolve(runProgram(config) as Record<string, unknown>),
  );
  await pulumi.runtime.disconnect();
  return resources;
}
