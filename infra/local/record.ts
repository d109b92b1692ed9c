import { open, readdir, readFile, rename } from "node:fs/promises";

import { z } from "zod";

import { inspectFolder } from "../folders/owned-folder";
import { clusterSchema, nameSchema } from "./inputs";
import { type Layout, controlPlane } from "./layout";
import { runningUnits } from "./unit";

const recordSchema = z.object({
  /** URN of the resource that made it, for people. */
  owner: z.string(),
  inputs: z.object(clusterSchema.shape),
  nodes: z
    .array(
      z.object({
        name: z.string().regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/),
        pool: nameSchema,
        gpus: z.int(),
        index: z.int(),
      }),
    )
    .readonly(),
  /** Paths of the programs that the machines run: those of `inputs.versions`, until an update takes others. */
  tools: z.record(z.string(), z.string()),
  /** Whether no secret is in etcd as plain text; releases before there was a key kept all of them so. */
  secretsEncrypted: z.boolean().default(false),
  /** Whether the cluster was once whole; what never was, or is being removed, is only cleaned away. */
  complete: z.boolean(),
});

/** Record in a cluster's folder, beside the ID in its owner file. */
export type ClusterRecord = z.output<typeof recordSchema>;

/** State of a cluster's folder on this machine. */
export type FoundCluster =
  | { readonly kind: "none" }
  /** Something else; `reason` is a line for people. */
  | { readonly kind: "foreign"; readonly reason: string }
  /** Half made, or half removed. */
  | { readonly kind: "incomplete"; readonly id: string }
  /** A cluster whose record cannot be read; `reason` is a line for people. */
  | { readonly kind: "damaged"; readonly id: string; readonly reason: string }
  | {
      readonly kind: "complete";
      readonly id: string;
      readonly record: ClusterRecord;
    };

const fileName = "cluster.json";

/** Looks at a cluster's place; changes nothing. */
export async function findCluster(layout: Layout): Promise<FoundCluster> {
  const folder = await inspectFolder(layout.state);
  if (folder.kind === "free") return { kind: "none" };
  if (folder.kind === "foreign") return folder;
  const { owner: id } = folder;
  const path = layout.at(fileName);
  const damaged = (reason: string): FoundCluster => ({
    kind: "damaged",
    id,
    reason: `${path}: ${reason}; bring back the file, or give the cluster and its data up with npm run down`,
  });
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // The record is written before any folder is made, and removed after all of them.
    const entries = await readdir(layout.state, { withFileTypes: true });
    return code === "ENOENT" && !entries.some((entry) => entry.isDirectory())
      ? { kind: "incomplete", id }
      : damaged(message);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return damaged("is no JSON");
  }
  const { data: record, error } = recordSchema.safeParse(json);
  if (!record) {
    const [issue] = error.issues;
    return damaged(
      `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not valid"}`,
    );
  }
  return record.complete
    ? { kind: "complete", id, record }
    : { kind: "incomplete", id };
}

/** Writes the record so that a power cut leaves the old one or the new one. */
export async function writeRecord(
  layout: Layout,
  record: ClusterRecord,
): Promise<void> {
  const next = layout.at(`${fileName}.new`);
  const file = await open(next, "w", 0o600);
  try {
    await file.writeFile(JSON.stringify(record, undefined, 2));
    // A rename may reach the disk before the text that it names.
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, layout.at(fileName));
  const folder = await open(layout.state, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Machines of a cluster that should run and do not. */
export async function deadMachines(layout: Layout): Promise<string[]> {
  const found = await findCluster(layout);
  const running = await runningUnits(layout);
  const nodes = found.kind === "complete" ? found.record.nodes : [];
  return [controlPlane, ...nodes.map(({ name }) => name)].filter(
    (name) => !running.has(name),
  );
}
