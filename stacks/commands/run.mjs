#!/usr/bin/env node
// Plain JavaScript that old versions of Node parse, since it runs before anything is known or installed: checks the
// version, installs the packages that the lock file names when they are not there, then runs the command.
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const read = (file) => JSON.parse(readFileSync(join(root, file), "utf8"));

const needed = read("package.json").engines.node.replace(">=", "");
if (isOlder(process.versions.node, needed)) {
  process.stderr.write(
    `mlstack: Node ${process.versions.node} is too old: install ${needed} or newer\n`,
  );
  process.exit(1);
}
if (!installed()) {
  // `npm ci` would empty the folder that the link leads to, which is another checkout's.
  const modules = join(root, "node_modules");
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
    process.stderr.write(
      `mlstack: node_modules is a link to ${realpathSync(modules)}, which lacks packages: run \`npm ci\` there\n`,
    );
    process.exit(1);
  }
  process.stderr.write("mlstack: installing npm packages (about a minute)\n");
  const { status } = spawnSync(
    "npm",
    ["ci", "--no-audit", "--no-fund", "--loglevel=error"],
    { cwd: root, stdio: ["ignore", "ignore", "inherit"] },
  );
  if (status !== 0) {
    process.stderr.write("mlstack: `npm ci` failed; see its error above\n");
    process.exit(1);
  }
}

const require = createRequire(import.meta.url);
require("tsx/cjs");
const { main } = require("./main.ts");
process.exitCode = await main(process.argv.slice(2));

function isOlder(version, than) {
  const [major, minor] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = than.split(".").map(Number);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

/** npm notes in node_modules/.package-lock.json what it installed. */
function installed() {
  const note = "node_modules/.package-lock.json";
  if (!existsSync(join(root, note))) return false;
  const versions = (file) =>
    Object.entries(read(file).packages)
      .filter(([path, { optional }]) => path !== "" && !optional)
      .map(([path, { version }]) => `${path}@${version}`);
  const present = new Set(versions(note));
  return versions("package-lock.json").every((entry) => present.has(entry));
}
