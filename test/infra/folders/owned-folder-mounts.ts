// Runs in a mount namespace of its own, see owned-folder.test.ts: what the removal of folders does about mounts.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  claimFolder,
  removeOwnedFolder,
} from "../../../infra/folders/owned-folder";

const base = join(process.argv[2] ?? "", "mounts");

const mount = (...args: string[]) => execFileSync("mount", args);

const refusal = (path: string) =>
  removeOwnedFolder(path, "me").then(
    () => "removed",
    (error: Error) => error.message,
  );

async function main(): Promise<void> {
  const at = (...names: string[]) => join(base, ...names);
  for (const name of ["itself", "below", "bound"])
    await claimFolder(at(name), "me");

  mkdirSync(at("itself-source"));
  mount("--bind", at("itself"), at("itself"));
  writeFileSync(at("itself/precious"), "");

  mkdirSync(at("below/a disk"));
  mount("-t", "tmpfs", "tmpfs", at("below/a disk"));
  writeFileSync(at("below/a disk/precious"), "");

  writeFileSync(at("bound/precious"), "");
  mkdirSync(at("bound/again"));
  mount("--bind", at("itself-source"), at("bound/again"));

  const refusals = {
    itself: await refusal(at("itself")),
    below: await refusal(at("below")),
    bound: await refusal(at("bound")),
  };
  const kept = [
    "itself/precious",
    "below/a disk/precious",
    "bound/precious",
  ].filter((name) => existsSync(at(name)));

  mkdirSync(at("disk"));
  mount("-t", "tmpfs", "tmpfs", at("disk"));
  await claimFolder(at("disk/one"), "me");
  await removeOwnedFolder(at("disk/one"), "me");
  const aboveIsFine = !existsSync(at("disk/one")) && existsSync(at("disk"));
  console.log(JSON.stringify({ ...refusals, kept, aboveIsFine }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
