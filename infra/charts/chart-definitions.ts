import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { parse } from "yaml";
import { z } from "zod";

import { chartIndexAddress, chartIndexSchema } from "./chart-index";
import { chartArchive } from "./chart-source";
import { KubeClient } from "../provider/kube-client";
import type { Context } from "../provider/resource";
import { download } from "../supply/download";
import { run } from "../supply/process";

/** A chart, and the cluster that its kinds belong in. */
export interface ChartDefinitions {
  readonly kubeconfig: string;
  readonly chart: string;
  readonly repository: string;
  readonly version: string;
}

/** Field manager of the definitions, which takes every field that a chart's file has. */
const fieldManager = "mlstack-chart-kinds";

const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const pollMilliseconds = 200;
const establishedSeconds = 60;

/** Until the API server has looked at a definition, its conditions are null: a list of Go that is not `omitempty`. */
const definitionSchema = z.object({
  status: z
    .object({
      conditions: z
        .array(z.object({ type: z.string(), status: z.string() }))
        .nullish(),
    })
    .nullish(),
});

/** Whether the API server serves a definition, by the definition as it answers it. */
export function isEstablished(definition: unknown): boolean {
  const { status } = definitionSchema.parse(definition);
  return (status?.conditions ?? []).some(
    (one) => one.type === "Established" && one.status === "True",
  );
}

/**
 * Applies the definitions of a chart's folders `crds`, those of its subcharts among them, and waits until the API server
 * serves them.
 *
 * @throws where the chart is not to be had, or the API server refuses a definition, with what it says
 */
export async function applyDefinitions(
  { kubeconfig, ...chart }: ChartDefinitions,
  { signal }: Pick<Context, "signal">,
): Promise<void> {
  const client = new KubeClient(kubeconfig, signal);
  const folder = mkdtempSync(join(tmpdir(), "mlstack-chart-"));
  try {
    const archive =
      chartArchive({ ...chart, releases: "" }) ??
      (await fetchChart(chart, folder, signal));
    await run("tar", ["-xzf", archive, "-C", folder], { signal });
    const definitions = definitionsIn(folder);
    for (const { name, text } of definitions)
      await client.apply(`${path}/${name}`, text, fieldManager);
    for (const { name } of definitions) await established(client, name, signal);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A definition as its file has it. */
interface Definition {
  readonly name: string;
  readonly text: string;
}

/** Definitions of an unpacked chart. They are large, and sent as they are. */
function definitionsIn(folder: string): Definition[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /(^|\/)crds\/[^/]+\.ya?ml$/.test(file))
    .toSorted()
    .flatMap((file) =>
      readFileSync(join(folder, file), "utf8")
        .split(/^---.*$/m)
        .filter((text) => /^kind: *CustomResourceDefinition *$/m.test(text))
        .map((text) => ({ name: nameOf(text, file), text })),
    );
}

function nameOf(text: string, file: string): string {
  const [, metadata = ""] = /^metadata:\n((?: .*\n)+)/m.exec(text) ?? [];
  const [, name] = /^ {2}name: *"?([a-z0-9.-]+)"? *$/m.exec(metadata) ?? [];
  if (name === undefined)
    throw new Error(`${file}: a definition without a name`);
  return name;
}

/** Fetches a chart's archive from its repository. @returns its path */
async function fetchChart(
  {
    chart,
    repository,
    version,
  }: Pick<ChartDefinitions, "chart" | "repository" | "version">,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const address = chartIndexAddress(repository);
  const index = join(folder, "index.yaml");
  await download(address, index, { signal });
  const { entries } = chartIndexSchema.parse(
    parse(readFileSync(index, "utf8")),
  );
  const entry = entries[chart]?.find((one) => one.version === version);
  const [url] = entry?.urls ?? [];
  if (entry === undefined || url === undefined)
    throw new Error(
      `${address} has no version ${version} of the chart ${chart}`,
    );
  const archive = join(folder, "chart.tgz");
  await download(new URL(url, address).href, archive, { signal });
  const sum = createHash("sha256").update(readFileSync(archive)).digest("hex");
  if (entry.digest !== undefined && entry.digest !== sum)
    throw new Error(
      `chart ${chart} ${version}: its sum is ${sum}, and ${address} says ${entry.digest}`,
    );
  return archive;
}

async function established(
  client: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  for (let left = establishedSeconds * 1_000; ; left -= pollMilliseconds) {
    const definition = await client.get<{ readonly status?: unknown }>(
      `${path}/${name}`,
    );
    if (isEstablished(definition)) return;
    if (left <= 0)
      throw new Error(
        `${name} is not served after ${establishedSeconds} s: ${JSON.stringify(definition.status)}`,
      );
    await pause(pollMilliseconds, undefined, { signal });
  }
}
