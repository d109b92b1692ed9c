import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { programCalls, runProgram } from "../../stacks/cost/declared";
import { platformOutputs } from "../../infra/supply/plugins/platform-outputs";
import { record, type Recording } from "./recording-monitor";

const stacks = join(__dirname, "../../stacks");

/** A kubeconfig with the context that the stack `existing` names. */
const kubeconfig = join(__dirname, "existing-kubeconfig.yaml");

/** Stacks that the project keeps; others in the folder are somebody's own. */
export const projectStacks = [
  "local",
  "local-full",
  "aws",
  "gcp",
  "azure",
  "scaleway",
  "onprem",
  "existing",
].filter((stack) => readdirSync(stacks).includes(`Pulumi.${stack}.yaml`));

/**
 * Runs the program for a stack of the project, with other settings where given, and records what it registers.
 *
 * @param name name of the stack, where it is another than that of its file
 */
export function recordStack(
  stack: string,
  settings: Readonly<Record<string, unknown>> = {},
  name = stack,
): Promise<Recording<unknown>> {
  const key = JSON.stringify([stack, settings, name]);
  const known = recordings.get(key) ?? recordAnew(stack, settings, name);
  recordings.set(key, known);
  return known;
}

/** Cached recordings by arguments: each takes a second or more, and many tests use the same. */
const recordings = new Map<string, Promise<Recording<unknown>>>();

function recordAnew(
  stack: string,
  settings: Readonly<Record<string, unknown>>,
  name: string,
): Promise<Recording<unknown>> {
  const file = readFileSync(join(stacks, `Pulumi.${stack}.yaml`), "utf8");
  const document = parseDocument(file);
  for (const [key, value] of Object.entries(settings)) {
    document.setIn(["config", `mlstack:${key}`], value);
  }
  const { config } = document.toJS() as { config: Record<string, unknown> };
  if (stack === "existing") process.env["KUBECONFIG"] = kubeconfig;
  return record(
    () => runProgram(config),
    { outputs: platformOutputs, calls: programCalls },
    { stack: name },
  );
}
