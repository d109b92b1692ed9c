import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(__dirname, "../..");

// Whole folders are removed here, as root on a local target. Whatever has outlived the process that made it must carry
// a mark: that is `removeOwnedFolder` of infra/folders/owned-folder.ts. Other places stand in this table, how many at
// most and what bounds each.
const allowed: Readonly<Record<string, readonly [number, string]>> = {
  "infra/folders/owned-folder.ts": [
    2,
    "the function itself: by its mark, without links, through folders held open",
  ],
  "infra/local/storage.ts": [
    1,
    "in a pod of the cluster: the provisioner names the folder of a volume that it made",
  ],
  "infra/onprem/local-volumes.ts": [
    1,
    "in a pod of the cluster: the provisioner names the folder of a volume that it made",
  ],
  "infra/onprem/reset.ts": [
    1,
    "fixed folders on a host, behind a check of the cluster's ID in that host's mark; no links, one file system",
  ],
  "infra/folders/git-folder.ts": [
    2,
    "folder that mkdtemp made in this call; a commit's in the cache, by two hexadecimal names, that is not as it was fetched",
  ],
  "infra/charts/chart-definitions.ts": [
    1,
    "folder that mkdtemp made in this call",
  ],
  "infra/provider/image.ts": [1, "folder that mkdtemp made in this call"],
  "stacks/commands/bench/previews.ts": [
    1,
    "folder that mkdtemp made in this call",
  ],
  "stacks/commands/engine/machine-state.ts": [
    2,
    "this checkout's .mlstack/state, and files in it that were copied to the machine's state before",
  ],
  "stacks/commands/engine/run-folder.ts": [
    2,
    "folder that mkdtemp made for this run; those of this user's runs that bear our mark, whose processes have all ended",
  ],
  "stacks/commands/engine/pulumi.ts": [
    1,
    "folder that mkdtemp made in this call",
  ],
  "stacks/commands/down.ts": [
    1,
    ".mlstack/STACK in this checkout; readStackFile has found the stack's file by that name",
  ],
  "stacks/commands/ephemeral.ts": [
    1,
    ".mlstack/STACK in this checkout; the name comes from the engine's list of stacks, whose names have no slash",
  ],
  "workloads/cached.sh": [
    1,
    "half-made folder of this call in the cache, whose name no finished one has",
  ],
  "workloads/images/spark/assemble": [
    1,
    "in an image's build: parts of the Spark that it has installed",
  ],
  "infra/supply/mirror.ts": [
    2,
    "half-made copy in the cache, under the cache's lock",
  ],
  "infra/supply/images/buildah.ts": [
    2,
    "folder that mkdtemp made in this call; notes of an earlier boot in the cache, whose mounts ended with it",
  ],
  "infra/supply/images/debian/root.ts": [
    4,
    "work folder in the cache, made in this call, and parts of the tree that debootstrap wrote there",
  ],
  "infra/supply/images/index.ts": [
    3,
    "work folders in the cache, made in this call or in one that was killed",
  ],
  "infra/supply/images/registry.ts": [
    1,
    "folder that mkdtemp made in this call",
  ],
  "infra/supply/toolchain/build.ts": [
    3,
    "work folders in the cache, under its lock",
  ],
  "infra/supply/toolchain/fetch.ts": [
    1,
    "folder that mkdtemp made in this call",
  ],
  "infra/supply/toolchain/go-caches.ts": [
    1,
    "the cache's folder `go`, under the cache's lock: caches that the person's environment names stay",
  ],
};

function files(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(
    (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory())
        return entry.name === "node_modules" ? [] : files(path);
      // An image's build removes what is in the image.
      return entry.name === "Dockerfile" ? [] : [path];
    },
  );
}

/** Removals of whole folders in a text: calls of Node's functions, and of programs in scripts. */
function removalsIn(text: string): readonly string[] {
  const calls = [
    ...text.matchAll(
      /\brm(?:dir)?(?:Sync)?\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/g,
    ),
  ]
    .map(([call]) => call)
    .filter((call) => /recursive/.test(call));
  const programs = [
    ...text.matchAll(
      /(?:\\n|\b)rm (?:-\S+ )*(?:-[a-zA-Z]*[rR]|--recursive)|\bfind [^\n]* -delete\b|\brimraf\b|\(\s*"rm",\s*\[/g,
    ),
  ].map(([match]) => match);
  return [...calls, ...programs];
}

describe("removals of whole folders", () => {
  it("are found in whatever form", () => {
    for (const text of [
      "rmSync(path, { recursive: true })",
      'await rm(join(a, "b"), {\n  recursive: true,\n})',
      "rmdirSync(path, { recursive: true })",
      "rm -rf /x",
      "'set -eu\\nrm -rf /x'",
      "rm -f -r /x",
      "rm -R /x",
      "rm --recursive /x",
      "find /x -mindepth 1 -delete",
      'execute("rm", ["-rf", path])',
    ])
      assert.equal(removalsIn(text).length, 1, text);
    for (const text of ["rmSync(path)", "rm -f /x", "transform(a)", "rmdir(x)"])
      assert.equal(removalsIn(text).length, 0, text);
  });

  const found = new Map(
    ["infra", "stacks", "components", "workloads"]
      .flatMap(files)
      .filter((path) => !/(^|\/)tests?\//.test(path))
      .map(
        (path) =>
          [path, removalsIn(readFileSync(join(root, path), "utf8"))] as const,
      )
      .filter(([, removals]) => removals.length > 0),
  );

  for (const [path, removals] of found)
    it(`are bounded in ${path}: ${allowed[path]?.[1] ?? "nobody says by what"}`, () => {
      assert.ok(
        removals.length <= (allowed[path]?.[0] ?? 0),
        `${path} removes folders in ${removals.length} places:\n${removals.join("\n")}\nuse removeOwnedFolder of infra/folders/owned-folder.ts, or say in ${relative(root, __filename)} what bounds each`,
      );
    });
});
