import { existsSync, readFileSync } from "node:fs";

import { parse } from "yaml";
import { z } from "zod";

import type { Pulumi } from "../commands/engine/pulumi";
import { configPath } from "./config-file";
import type { StackLife, UnreadableStack } from "./reap-plan";

/** Tag of a stack in its back end that says when its life ends, for machines that lack its file. */
export const expiryTag = "mlstack:expiry";

const listing = z.array(z.object({ name: z.string() }));
const pairs = z.record(z.string(), z.unknown());

/** Every stack of the project in the back end. */
export async function listStacks(pulumi: Pulumi): Promise<string[]> {
  const text = await pulumi.read(["stack", "ls", "--json"]);
  return listing.parse(JSON.parse(text)).map(({ name }) => name);
}

/** When a stack's life ends: by its tag, else its outputs, else its file here; and the lifetime that it declares. */
export async function readLife(
  pulumi: Pulumi,
  name: string,
): Promise<StackLife | UnreadableStack> {
  const read = async (...command: readonly string[]): Promise<unknown> =>
    JSON.parse(
      await pulumi.read(["stack", ...command, "--json", "--stack", name]),
    );
  try {
    const tags = pairs.parse(await read("tag", "ls").catch(withoutTags));
    const outputs = pairs.parse(await read("output"));
    const [last] = updates.parse(await read("history", "--page-size", "1"));
    const file = fileConfig(name);
    return {
      name,
      expiry:
        text(tags[expiryTag]) ??
        text(outputs["expiry"]) ??
        text(file["mlstack:expiry"]),
      // An `up` that did not get to its outputs leaves its configuration.
      lifetime:
        text(outputs["lifetime"]) ??
        last?.config["mlstack:lifetime"]?.value ??
        (last === undefined ? "unused" : text(file["mlstack:lifetime"])),
    };
  } catch (error) {
    const [line = ""] = String(error instanceof Error ? error.message : error)
      .split("\n")
      .filter((each) => each.trim() !== "");
    return { name, problem: line.replace(/^error: /, "") };
  }
}

/** Some back ends keep no tags. */
function withoutTags(error: unknown): Readonly<Record<string, unknown>> {
  if (/not support|unsupported/i.test(String(error))) return {};
  throw error;
}

const updates = z.array(
  z.looseObject({
    config: z
      .record(z.string(), z.looseObject({ value: z.string().optional() }))
      .prefault({}),
  }),
);

const fileSchema = z.looseObject({
  config: z.record(z.string(), z.unknown()).prefault({}),
});

function fileConfig(name: string): Readonly<Record<string, unknown>> {
  const file = configPath(name);
  if (!existsSync(file)) return {};
  return (
    fileSchema.safeParse(parse(readFileSync(file, "utf8"))).data?.config ?? {}
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
