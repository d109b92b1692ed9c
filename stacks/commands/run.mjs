// Plain JavaScript, since it runs before anything is installed: installs the packages that the lock file
// names when they are not there, then starts the command of that name.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const [command, ...args] = process.argv.slice(2);

if (!installed()) {
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

const child = spawn(
  process.execPath,
  [
    "--require=tsx/cjs",
    join(root, "stacks/commands", `${command}.ts`),
    ...args,
  ],
  { cwd: root, stdio: "inherit" },
);
// The terminal sends Ctrl-C to the command as well, which ends in its own order.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code) => process.exit(code ?? 1));

/** npm notes in node_modules/.package-lock.json what it installed. */
function installed() {
  const note = join(root, "node_modules/.package-lock.json");
  if (!existsSync(note)) return false;
  const versions = (file) =>
    Object.entries(JSON.parse(readFileSync(file, "utf8")).packages)
      .filter(([path, { optional }]) => path !== "" && !optional)
      .map(([path, { version }]) => `${path}@${version}`);
  const present = new Set(versions(note));
  return versions(join(root, "package-lock.json")).every((entry) =>
    present.has(entry),
  );
}
