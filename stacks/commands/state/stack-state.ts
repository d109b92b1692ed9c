import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";

import { CommandError } from "../cli/command-error";
import { Pulumi } from "../engine/pulumi";

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
  return resourcesOf(await exportState(pulumi, stack));
}

/** The state of a stack as the engine exports it, with its secrets in plain: for this process alone. */
export function exportState(pulumi: Pulumi, stack: string): Promise<string> {
  return pulumi.read([
    ...["stack", "export", "--show-secrets", "--stack", stack],
  ]);
}

/** Every resource of a state that was exported with its secrets. */
export function resourcesOf(exported: string): readonly StateResource[] {
  return deployment.parse(JSON.parse(exported, plain)).deployment.resources;
}

/** Reviver of an exported state's JSON: a secret is an object that holds its JSON under `plaintext`. */
export function plain(_key: string, value: unknown): unknown {
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

/** A stack's state, and the way into its cluster. @throws {CommandError} when the stack is not up */
export async function connect(stack: string): Promise<{
  readonly resources: readonly StateResource[];
  readonly config: KubeConfig;
}> {
  const resources = await readState(
    await Pulumi.resolve({ stack }),
    stack,
  ).catch((error: unknown) => {
    throw /no stack named/.test(String(error)) ? notUp(stack) : error;
  });
  const kubeconfig = kubeconfigOf(resources);
  if (kubeconfig === undefined) throw notUp(stack);
  return { resources, config: await clientConfig(kubeconfig) };
}

/** A kubeconfig for the Kubernetes client, which is loaded by those who need it. */
export async function clientConfig(kubeconfig: string): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import("@kubernetes/client-node");
  const config = new Config();
  config.loadFromString(kubeconfig);
  return config;
}

/** Error of a command that needs a stack which is up. */
export function notUp(stack: string): CommandError {
  const option = stack === "local" ? "" : ` -- --stack ${stack}`;
  return new CommandError(
    `stack ${stack}: not up: bring it up with \`npm run up${option}\``,
  );
}
