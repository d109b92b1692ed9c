import { spawn } from "node:child_process";
import {
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  writeFile,
} from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { cgroupProcesses, makeCgroup } from "./cgroups";
import { quote } from "./execute";
import type { Layout } from "./layout";

/**
 * A machine of the cluster as processes: namespaces of its own, and a PID 1 that keeps its daemons running.
 * Ending PID 1 makes the kernel end all that runs inside, containers included, and with them go mounts and links.
 */
export interface Unit {
  /** Process whose network namespace is the machine's. */
  readonly pid: number;
  /** Lets the daemons start; the network must be up. */
  start(): void;
  /** Ends the machine. */
  stop(): void;
}

/** A program that PID 1 of a machine keeps running. */
export interface Daemon {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Shell lines that run first; a failure counts as the daemon's. */
  readonly before?: readonly string[];
}

/** Writes what PID 1 of a machine runs. */
export async function writeDaemons(
  layout: Layout,
  unit: string,
  daemons: readonly Daemon[],
): Promise<void> {
  const folder = layout.at(layout.unit(unit), "daemons");
  await mkdir(folder, { recursive: true });
  await mkdir(join(layout.logs, layout.unit(unit)), { recursive: true });
  await Promise.all(
    daemons.map((daemon) =>
      writeFile(join(folder, daemon.name), daemonScript(daemon)),
    ),
  );
}

/** Text of a daemon's script; it runs under PID 1's environment, which holds nothing of the caller's. */
export function daemonScript({
  command,
  environment = {},
  before = [],
}: Daemon): string {
  const variables = Object.entries(environment).map(
    ([key, value]) => `export ${key}=${quote(value)}`,
  );
  const call = `exec ${command.map(quote).join(" \\\n  ")}`;
  return `${[...variables, ...before, call].join("\n")}\n`;
}

/** Starts a machine up to the point where its network is missing. */
export async function launchUnit(layout: Layout, unit: string): Promise<Unit> {
  const path = layout.unit(unit);
  const cgroups = await makeCgroup(`${layout.cgroup}/${unit}/daemons`);
  for (const script of ["launch.sh", "init.sh", "rotate-logs.sh"])
    await placeScript(layout, script);
  const logFile = layout.at("logs", path, "init.log");
  const log = await open(logFile, "a");
  const child = spawn(
    "sh",
    [layout.at("launch.sh"), layout.state, path, ...cgroups],
    {
      cwd: "/",
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root" },
      detached: true,
      stdio: ["pipe", "pipe", log.fd],
    },
  );
  const { stdin, stdout } = child;
  const stop = () => child.kill("SIGKILL");
  try {
    await new Promise<void>((resolve, reject) => {
      stdout?.once("data", () => resolve());
      child.once("error", reject);
      child.once("exit", (code) =>
        readFile(logFile, "utf8").then(
          (text) =>
            reject(
              new Error(
                `${unit} ended with ${code} before it was up: ${text.trim()}`,
              ),
            ),
          reject,
        ),
      );
    });
  } catch (error) {
    stop();
    throw error;
  } finally {
    await log.close();
  }
  return {
    pid: child.pid ?? 0,
    start: () => {
      stdin?.end("start\n");
      stdout?.destroy();
      child.unref();
    },
    stop,
  };
}

/** Puts a script of this folder into the cluster's; a shell reads its script as it goes, so one in use is replaced. */
export async function placeScript(layout: Layout, name: string): Promise<void> {
  const to = layout.at(name);
  const next = `${to}.${process.pid}.${Math.random()}`;
  await copyFile(join(__dirname, name), next);
  await rename(next, to);
}

interface Process {
  readonly pid: number;
  readonly command: readonly string[];
}

// The process is identified by /proc, as a recorded PID could have been reused by another process.
async function processes(): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      command: (
        await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
      ).split("\0"),
    })),
  );
}

/** The machines of a cluster that run, by name, with the process whose namespaces are theirs. */
export async function runningUnits(
  layout: Layout,
): Promise<Map<string, number>> {
  const init = layout.at("init.sh");
  const found = (await processes()).flatMap(
    ({ pid, command }): [string, number][] => {
      const position = command.indexOf(init);
      const unit = command[position + 2]?.replace(/^nodes\//, "");
      return command[0] === "unshare" && position > 0 && unit
        ? [[unit, pid]]
        : [];
    },
  );
  return new Map(found);
}

/**
 * Ends a daemon of a machine that runs, and waits until PID 1 has restarted it from its script.
 *
 * @param name of the daemon, which is that of its program
 */
export async function restartDaemon(
  layout: Layout,
  unit: string,
  name: string,
): Promise<void> {
  const running = async () => {
    const pids = await cgroupProcesses(`${layout.cgroup}/${unit}/daemons`);
    return (await processes())
      .filter(
        ({ pid, command }) =>
          pids.includes(pid) && basename(command[0] ?? "") === name,
      )
      .map(({ pid }) => pid);
  };
  const old = await running();
  for (let tries = 0; ; tries++) {
    const now = await running();
    const ending = now.filter((pid) => old.includes(pid));
    if (ending.length === 0 && now.length > 0) return;
    if (tries === 600)
      throw new Error(
        `${unit}: ${name} does not start again; its log is in ${join(layout.logs, layout.unit(unit))}`,
      );
    // A daemon that takes its time to end well is given ten seconds.
    for (const pid of ending)
      if (tries === 0 || tries === 100)
        kill(pid, tries === 0 ? "SIGTERM" : "SIGKILL");
    await pause(100);
  }
}

/** Ends one machine, or all of a cluster, and waits until no process of it is left. */
export async function stopUnits(layout: Layout, unit?: string): Promise<void> {
  const cgroup = unit ? `${layout.cgroup}/${unit}` : layout.cgroup;
  const scripts = [layout.at("init.sh"), layout.at("launch.sh")];
  const path = unit && layout.unit(unit);
  for (let tries = 0; ; tries++) {
    const own = (await processes())
      .filter(({ command }) =>
        command.some(
          (word, index) =>
            scripts.includes(word) && (!path || command[index + 2] === path),
        ),
      )
      .map(({ pid }) => pid);
    const left = [...new Set([...own, ...(await cgroupProcesses(cgroup))])];
    if (left.length === 0) return;
    if (tries === 500)
      throw new Error(
        `Processes ${left.join(", ")} of ${layout.state} do not end; look at them with ps -p ${left[0]}`,
      );
    for (const pid of left) kill(pid);
    await pause(20);
  }
}

function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
