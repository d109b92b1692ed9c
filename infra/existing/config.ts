import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

import { parse, stringify } from "yaml";
import { z } from "zod";

import { objectsSchema } from "../object-store/config";
import type { NodePool } from "../platform";
import type { Problem } from "../problem";

/** A cluster that is there already: kind, k3d, minikube, Docker Desktop, or one that somebody else runs. */
export const schema = z.strictObject({
  kind: z
    .literal("existing")
    .describe(
      "An existing cluster: kind, k3d, Docker Desktop, or one that others operate",
    ),
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe("File with the cluster's context; without it, kubectl's"),
  context: z
    .string()
    .min(1)
    .optional()
    .describe("Context in the file; without it, the current one"),
  storageClass: z
    .string()
    .min(1)
    .default("standard")
    .describe("Storage class of volumes for one node at a time"),
  poolLabel: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Label that carries the name of a node's pool; without it, every node is in every pool",
    ),
  gpuDriver: z
    .enum(["managed", "device-plugin"])
    .default("managed")
    .describe(
      "Component that advertises GPUs: the cluster itself, or a device plugin that the program installs",
    ),
  images: z
    .strictObject({
      prefix: z
        .string()
        .min(1)
        .describe(
          "First part of the images' names: a registry, or any name where they are loaded",
        ),
      load: z
        .string()
        .includes("{image}", {
          error: "write {image} where the image's name goes",
        })
        .optional()
        .describe(
          "Command that loads a local image onto the nodes, in place of a push: `kind load docker-image {image}`. It runs in a shell, in the project's folder, once for each image",
        ),
    })
    .describe(
      "Registry to which images are pushed, and from which nodes pull them",
    ),
  objects: objectsSchema("20Gi").describe("Object store of the buckets"),
});

/** Configuration of a target that exists. */
export type ExistingConfig = z.output<typeof schema>;

const fileSchema = z.looseObject({
  "current-context": z.string().optional(),
  contexts: z.array(z.looseObject({ name: z.string() })).default([]),
});

/** Problems of the kubeconfig; the pools are those of the cluster. */
export function checkPools(
  _pools: readonly NodePool[],
  target: ExistingConfig,
): readonly Problem[] {
  const path = kubeconfigPath(target);
  if (!existsSync(path)) {
    const remedy = `${path} is not there; name the file that has the cluster's context`;
    return [{ path: "target.kubeconfig", value: target.kubeconfig, remedy }];
  }
  const file = readFile(path);
  if (!file) {
    const remedy = "is no kubeconfig; name the file that kubectl uses";
    return [{ path: "target.kubeconfig", value: path, remedy }];
  }
  const names = file.contexts.map(({ name }) => name);
  const context = target.context ?? file["current-context"];
  return context !== undefined && names.includes(context)
    ? []
    : [
        {
          path: "target.context",
          value: context,
          remedy: `is not in ${path}; choose one of ${names.join(", ") || "none"}`,
        },
      ];
}

/** The kubeconfig with the chosen context as its current one. */
export function readKubeconfig(target: ExistingConfig): string {
  const path = kubeconfigPath(target);
  const file = readFile(path);
  if (!file) throw new Error(`${path} is no kubeconfig`);
  return target.context === undefined
    ? readFileSync(path, "utf8")
    : stringify({ ...file, "current-context": target.context });
}

function readFile(path: string): z.output<typeof fileSchema> | undefined {
  try {
    return fileSchema.parse(parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

function kubeconfigPath({ kubeconfig }: ExistingConfig): string {
  const found =
    kubeconfig ??
    process.env["KUBECONFIG"]?.split(delimiter).find(Boolean) ??
    "~/.kube/config";
  return found.startsWith("~/") ? join(homedir(), found.slice(2)) : found;
}
