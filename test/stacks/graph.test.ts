import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Recorded } from "../support/recording-monitor";
import { projectStacks, recordStack } from "../support/stack-program";

const folder = join(__dirname, "../graphs");

const stackType = "pulumi:pulumi:Stack";
const isStack = (urn: string) => urn === "" || urn.includes(`::${stackType}::`);

/** A tree of types and names, sorted, with what a reviewer wants to see move: protection and order. */
function drawGraph(resources: readonly Recorded[]): string {
  const nameOf = (urn: string) => urn.split("::").at(-1) ?? urn;
  const children = new Map<string, Recorded[]>();
  for (const resource of resources) {
    if (resource.type === stackType) continue;
    const parent = isStack(resource.parent) ? "" : resource.parent;
    children.set(parent, [...(children.get(parent) ?? []), resource]);
  }
  const draw = (parent: string, indent: string): string[] =>
    [...(children.get(parent) ?? [])]
      .sort((one, other) =>
        `${one.type} ${one.name}` < `${other.type} ${other.name}` ? -1 : 1,
      )
      .flatMap((resource) => {
        const after = [...new Set(resource.dependencies.map(nameOf))].sort();
        return [
          `${indent}${resource.type} ${resource.name}` +
            (resource.protect ? " protected" : "") +
            (after.length > 0 ? ` after ${after.join(", ")}` : ""),
          ...draw(resource.urn, `${indent}  `),
        ];
      });
  return `${draw("", "").join("\n")}\n`;
}

describe("graph", () => {
  for (const stack of projectStacks) {
    it(`of ${stack} is the reviewed one`, async () => {
      const { resources } = await recordStack(stack);
      const drawn = drawGraph(resources);
      const file = join(folder, `${stack}.txt`);
      if (process.env["UPDATE_GRAPHS"] !== undefined) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, drawn);
      }
      assert.ok(existsSync(file), `run UPDATE_GRAPHS=1 npm test and review it`);
      assert.equal(
        drawn,
        readFileSync(file, "utf8"),
        "changed: review it with UPDATE_GRAPHS=1 npm test; git diff test/graphs",
      );
    });

    it(`of ${stack} leaves nothing without a parent, and few resources beside the workloads`, async () => {
      const { resources } = await recordStack(stack);
      const roots = resources.filter(
        ({ parent, custom }) => custom && isStack(parent),
      );
      assert.deepEqual(
        roots.map(({ urn }) => urn),
        [],
      );
      assert.ok(resources.length < 210, `${resources.length} resources`);
    });
  }
});
