import { readFile, rename, writeFile } from "node:fs/promises";

import type { ClusterInputs } from "./inputs";
import { type ClusterNode, Layout, controlPlane } from "./layout";
import { runningUnits } from "./unit";

/** What a cluster's folder says about it. */
export interface ClusterRecord {
  readonly owner: string;
  readonly inputs: ClusterInputs;
  readonly nodes: readonly ClusterNode[];
  /** Whether the cluster was once whole; what never was is only cleaned away. */
  readonly complete: boolean;
}

/** `undefined` when there is no such cluster. */
export async function readRecord(
  layout: Layout,
): Promise<ClusterRecord | undefined> {
  const text = await readFile(layout.at("cluster.json"), "utf8").catch(
    () => undefined,
  );
  return text === undefined ? undefined : (JSON.parse(text) as ClusterRecord);
}

/** Writes the record in one step, so that a power cut leaves the old one or the new one. */
export async function writeRecord(
  layout: Layout,
  record: ClusterRecord,
): Promise<void> {
  await writeFile(
    layout.at("cluster.json.new"),
    JSON.stringify(record, undefined, 2),
  );
  await rename(layout.at("cluster.json.new"), layout.at("cluster.json"));
}

/** Machines of a cluster that should run and do not. */
export async function deadMachines(inputs: ClusterInputs): Promise<string[]> {
  const layout = new Layout(inputs);
  const record = await readRecord(layout);
  const running = await runningUnits(layout);
  const machines = [
    controlPlane,
    ...(record?.nodes ?? []).map(({ name }) => name),
  ];
  return machines.filter((name) => !running.has(name));
}
