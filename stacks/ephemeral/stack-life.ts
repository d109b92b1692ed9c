import { existsSync, readFileSync } from "node:fs";

import { parse } from "yaml";
import { z } from "zod";

import type { Pulumi } from "../commands/pulumi";
import { configPath } from "./config-file";
import type { StackLife } from "./reap-plan";

/** Tag of a stack in its back end that says when its life ends, for machines that lack its file. */
export const expiryTag = "mlstack:expiry";

const listing = z.array(z.object({ name: z.string() }));
const pairs = z.record(z.string(), z.unknown());

/** Every stack of the project in the back end. */
export async function listStacks(pulumi: Pulumi): Promise<string[]> {
  const text = await pulumi.read(["stack", "ls", "--json"]);
  return listing.parse(JSON.parse(text)).map(({ name }) => name);
}

/** When a stack's life ends: by its tag, else its outputs, else its file here. */
export async function readLife(
  pulumi: Pulumi,
  name: string,
): Promise<StackLife> {
  const expiry =
    text((await readPairs(pulumi, ["tag", "ls"], name))[expiryTag]) ??
    text((await readPairs(pulumi, ["output"], name))["expiry"]) ??
    fileExpiry(name);
  return { name, expiry };
}

/** A back end that keeps no tags, and a stack that was never up, have none to show. */
async function readPairs(
  pulumi: Pulumi,
  command: readonly string[],
  stack: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const args = ["stack", ...command, "--json", "--stack", stack];
    return pairs.parse(JSON.parse(await pulumi.read(args)));
  } catch {
    return {};
  }
}

const fileSchema = z.object({
  config: z.object({ "mlstack:expiry": z.string().optional() }),
});

function fileExpiry(name: string): string | undefined {
  const file = configPath(name);
  if (!existsSync(file)) return undefined;
  const parsed = fileSchema.safeParse(parse(readFileSync(file, "utf8")));
  return parsed.data?.config["mlstack:expiry"];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
