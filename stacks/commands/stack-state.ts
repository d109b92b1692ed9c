import { z } from "zod";

import type { Pulumi } from "./pulumi";

const deployment = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          urn: z.string(),
          type: z.string(),
          id: z.string().optional(),
          inputs: z.record(z.string(), z.unknown()).prefault({}),
          outputs: z.record(z.string(), z.unknown()).prefault({}),
        }),
      )
      .prefault([]),
  }),
});

/** A resource as the stack's state keeps it. */
export type StateResource = z.output<
  typeof deployment
>["deployment"]["resources"][number];

const secretKey = "4dabf18193072939515e22adb298388d";

/** Every resource of the selected stack, with its secrets in plain: for this process alone. */
export async function readState(
  pulumi: Pulumi,
  stack: string,
): Promise<readonly StateResource[]> {
  const text = await pulumi.read([
    "stack",
    "export",
    "--show-secrets",
    "--stack",
    stack,
  ]);
  return deployment.parse(JSON.parse(text, plain)).deployment.resources;
}

/** In an export, a secret is an object that holds its JSON under `plaintext`. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !(secretKey in value)) {
    return value;
  }
  const text: unknown = Reflect.get(value, "plaintext");
  return typeof text === "string" ? JSON.parse(text) : value;
}

/** The cluster's kubeconfig by the stack's outputs or, when `up` did not get so far, by its cluster. */
export function kubeconfigOf(
  resources: readonly StateResource[],
): string | undefined {
  return resources
    .map(({ outputs }) => outputs["kubeconfig"])
    .find((value) => typeof value === "string");
}
