import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { pluginOf, targetKinds } from "../../infra";

const root = join(__dirname, "../..");

/** Layers from the top: each may import itself and those to its right, never to its left. */
const layers = ["stacks", "workloads", "components", "infra"];

interface Import {
  readonly from: string;
  readonly to: string;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(
    (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sources(path);
      return /\.ts$/.test(entry.name) ? [path] : [];
    },
  );
}

const imports: readonly Import[] = layers.flatMap(sources).flatMap((file) => {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import|import\()\s*\(?"([^"]+)"/g)].map(
    ([, target = ""]) => ({
      from: file,
      to: target.startsWith(".")
        ? relative(root, join(root, dirname(file), target))
        : target,
    }),
  );
});

const layerOf = (path: string) => path.split("/")[0] ?? "";

/** A file without its ending; a folder stands for its index. */
function moduleOf(path: string): string {
  const file = path.replace(/\.ts$/, "");
  return existsSync(join(root, `${file}/index.ts`)) ? `${file}/index` : file;
}

/** Each cycle that a depth-first search meets, as the files along it. */
function cyclesOf(next: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file].join(" "));
      return;
    }
    if (done.has(file)) return;
    for (const other of next.get(file) ?? []) visit(other, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return cycles;
}

describe("imports", () => {
  it("are found", () => assert.ok(imports.length > 50));

  it("point one way", () => {
    const upward = imports.filter(({ from, to }) => {
      const [source, target] = [layerOf(from), layerOf(to)];
      return (
        layers.includes(target) &&
        layers.indexOf(target) < layers.indexOf(source)
      );
    });
    assert.deepEqual(upward, []);
  });

  it("form no cycle of files", () => {
    // The program that reads the list of commands describes all of them, itself included: the list loads them late.
    const list = "stacks/commands/command-list";
    const next = new Map<string, string[]>();
    for (const { from, to } of imports) {
      const file = moduleOf(from);
      if (file !== list)
        next.set(file, [...(next.get(file) ?? []), moduleOf(to)]);
    }
    assert.deepEqual(cyclesOf(next), []);
  });

  it("would be found to form one", () => {
    const next = new Map([
      ["a", ["b", "d"]],
      ["b", ["c"]],
      ["c", ["b", "a"]],
      ["d", []],
    ]);
    assert.deepEqual(cyclesOf(next), ["b c b", "a b c a"]);
  });

  it("reach a target through infra/index.ts alone", () => {
    const strays = imports.filter(({ from, to }) => {
      const target = /^infra\/([^/]+)(\/|$)/.exec(to)?.[1];
      return (
        target !== undefined &&
        targetKinds.includes(target) &&
        from !== "infra/index.ts" &&
        !from.startsWith(`infra/${target}/`) &&
        // The project's own provider and commands carry out what a target declares.
        !from.startsWith("infra/provider/") &&
        !from.startsWith("stacks/commands/")
      );
    });
    assert.deepEqual(strays, []);
  });

  it("take a cloud's SDK by sub-module, in its own target", () => {
    const owner = Object.fromEntries(
      targetKinds.flatMap((kind) => {
        const plugin = pluginOf(kind);
        return plugin ? [[plugin.npm, `infra/${kind}/`]] : [];
      }),
    );
    assert.ok(Object.keys(owner).length >= 3);
    const strays = imports.filter(({ from, to }) => {
      const sdk = Object.keys(owner).find(
        (name) => to === name || to.startsWith(`${name}/`),
      );
      return (
        sdk !== undefined &&
        (to === sdk || !from.startsWith(owner[sdk] ?? "never"))
      );
    });
    assert.deepEqual(strays, []);
  });

  it("leave the program free of where this machine's programs and images come from", () => {
    const strays = imports.filter(
      ({ from, to }) =>
        to.startsWith("infra/supply/") &&
        /^(components|workloads)\//.test(from),
    );
    assert.deepEqual(strays, []);
  });
});
