import { spawn } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { CommandError } from "../cli/command-error";
import { root } from "../cli/paths";
import { Pulumi } from "../engine/pulumi";

/** Figures of a first preview of a cloud stack. */
export interface PreviewFigures {
  /** Workloads beside those of the stack's file. */
  readonly more: number;
  readonly resources: number;
  readonly seconds: number;
  /** Most memory of engine, program and plugins together, in GB of 2^30 bytes. */
  readonly gigabytes: number;
}

/**
 * Previews a cloud stack of which nothing is there: no cluster, no credentials, no state. More workloads are notebooks,
 * each with its account, identity, secrets, service and server.
 */
export async function* benchPreviews(
  cloud: string,
  sizes: readonly number[],
): AsyncGenerator<PreviewFigures> {
  const pulumi = await Pulumi.resolve({ preview: true });
  for (const more of sizes) yield await measure(pulumi, cloud, more);
}

async function measure(
  pulumi: Pulumi,
  cloud: string,
  more: number,
): Promise<PreviewFigures> {
  const stack = `bench-${cloud}`;
  const folder = mkdtempSync(join(tmpdir(), "mlstack-bench-"));
  const file = join(folder, `Pulumi.${stack}.yaml`);
  const env = {
    ...process.env,
    ...pulumi.env,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "",
  };
  try {
    writeFileSync(file, withWorkloads(cloud, more));
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      "name: mlstack\nruntime: nodejs\n",
    );
    const init = ["stack", "init", stack, "--no-select", "--cwd", folder];
    await run(pulumi.command, init, env);
    const args = ["preview", "--json", "--stack", stack, "--config-file", file];
    const { output, seconds, gigabytes } = await run(pulumi.command, args, env);
    const { steps } = JSON.parse(output) as { steps: readonly unknown[] };
    return { more, resources: steps.length, seconds, gigabytes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function withWorkloads(cloud: string, more: number): string {
  const file = join(root, `stacks/Pulumi.${cloud}.yaml`);
  const document = parseDocument(readFileSync(file, "utf8"));
  const notebooks = Array.from({ length: more }, (_, index) => ({
    name: `person-${index}`,
  }));
  if (more > 0) {
    const path = ["config", "mlstack:workloads", "notebooks"];
    document.setIn(path, document.createNode(notebooks));
  }
  return String(document);
}

async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{
  readonly output: string;
  readonly seconds: number;
  readonly gigabytes: number;
}> {
  const start = performance.now();
  const child = spawn(command, args, {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, memoryOf(child.pid ?? 0));
  }, 200);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => clearInterval(timer));
  if (code !== 0) {
    throw new CommandError(`${args.join(" ")}: ${errors.trim() || output}`);
  }
  const seconds = (performance.now() - start) / 1000;
  return { output, seconds, gigabytes: peak / 2 ** 20 };
}

/** Proportional share of memory of a process and all below it, in KiB: what they share counts once. */
function memoryOf(pid: number): number {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    const parent = Number(/\) \S (\d+)/.exec(read(`/proc/${name}/stat`))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const share = (process: number): number =>
    Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${process}/smaps_rollup`))?.[1]) ||
    0;
  const total = (process: number): number =>
    (children.get(process) ?? []).reduce(
      (sum, child) => sum + total(child),
      share(process),
    );
  return total(pid);
}

/** A process may end while it is looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
