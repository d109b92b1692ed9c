import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

import { parse } from "yaml";

import { cloudStandIns, resolvePulumi } from "../../airgap/pulumi";
import { findProgram } from "../../airgap/toolchain/packages";
import { CommandError, root } from "./command";
import { readStackFile } from "./stack-file";

/** Plugins of the clouds, by the kind of target that needs them. */
const cloudPlugins: Readonly<Record<string, string>> = {
  eks: "aws",
  gke: "gcp",
  aks: "azure-native",
};

const stateFolder = join(root, ".mlstack/state");

/** A Pulumi CLI, with the environment that it needs on this machine. */
export class Pulumi {
  private constructor(
    readonly command: string,
    /** Variables to set beside those of the process. */
    readonly env: Readonly<Record<string, string>>,
    /** Whether no plugin can be downloaded. */
    private readonly offline: boolean,
  ) {}

  /**
   * The person's own CLI and back end where they have them; else ours, with its state in `.mlstack/state`.
   *
   * @param use.preview whether nothing will be made, so that a stand-in may answer for a cloud whose plugin cannot be
   *   downloaded
   */
  static async resolve(
    use: { readonly preview?: boolean } = {},
  ): Promise<Pulumi> {
    const { command, env: found, standIns } = await resolvePulumi();
    const path = found["PATH"] ?? process.env["PATH"] ?? "";
    const env =
      use.preview && standIns.length > 0
        ? { ...found, PATH: [path, cloudStandIns].join(delimiter) }
        : found;
    const ownBackend =
      process.env["PULUMI_BACKEND_URL"] !== undefined || loggedIn();
    if (!ownBackend) mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
    const ownSecret =
      process.env["PULUMI_CONFIG_PASSPHRASE"] !== undefined ||
      process.env["PULUMI_CONFIG_PASSPHRASE_FILE"] !== undefined;
    return new Pulumi(
      command,
      {
        ...env,
        ...(ownBackend ? {} : { PULUMI_BACKEND_URL: `file://${stateFolder}` }),
        // The state of a file back end lies beside its passphrase anyway: its guard is the folder's mode.
        ...(ownSecret || ownBackend ? {} : { PULUMI_CONFIG_PASSPHRASE: "" }),
        // Types are checked in CI; checking them at every run takes longer than the run.
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        // Four a core by default: on two cores, images that are built would leave no place to what only waits.
        PULUMI_PARALLEL: process.env["PULUMI_PARALLEL"] ?? "32",
      },
      standIns.length > 0,
    );
  }

  /**
   * Asks for the plugin of a stack's cloud before anything is made.
   *
   * @throws {CommandError} where it is not there and cannot be downloaded
   */
  requireCloudPlugin(stack: string): void {
    const { kind = "" } = readStackFile(stack);
    const name = cloudPlugins[kind];
    if (name === undefined || !this.offline) return;
    if (findProgram(`pulumi-resource-${name}`) !== undefined) return;
    throw new CommandError(
      `stack ${stack}: target.kind "${kind}": its plugin pulumi-resource-${name} is not on PATH and cannot be downloaded here; run this where get.pulumi.com answers (a preview works here)`,
    );
  }

  /** Runs the CLI in the open. @returns its exit code. */
  run(args: readonly string[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const child = this.start(args, "inherit");
      // The terminal sends Ctrl-C to both: the CLI ends in its own order, and this process after it.
      process.on("SIGINT", () => undefined);
      process.on("SIGTERM", () => child.kill("SIGINT"));
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? 1));
    });
  }

  /** Runs the CLI and gives back what it prints. @throws {CommandError} with its error when it fails. */
  read(args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = this.start(args, "pipe");
      let output = "";
      let errors = "";
      child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
      child.once("error", reject);
      child.once("close", (code) =>
        code === 0
          ? resolve(output)
          : reject(new CommandError(errors.trim() || output.trim())),
      );
    });
  }

  private start(args: readonly string[], output: "inherit" | "pipe") {
    return spawn(this.command, args, {
      cwd: root,
      env: { ...process.env, ...this.env },
      stdio: ["inherit", output, output],
    });
  }

  /**
   * Selects a stack, making it when it is new.
   *
   * @returns whether it is new
   * @throws {CommandError} when there is no such configuration.
   */
  async select(stack: string): Promise<boolean> {
    readStackFile(stack);
    this.releaseStaleLock(stack);
    return this.read(["stack", "select", stack]).then(
      () => false,
      async () => {
        await this.read(["stack", "select", "--create", stack]);
        return true;
      },
    );
  }

  /** Selects a stack for as long as `use` takes: one that is new is gone afterwards, and its file as it was. */
  async borrow<Result>(
    stack: string,
    use: () => Promise<Result>,
  ): Promise<Result> {
    const { path } = readStackFile(stack);
    const text = readFileSync(path);
    const isNew = await this.select(stack);
    try {
      return await use();
    } finally {
      if (isNew) {
        await this.read(["stack", "rm", stack, "--yes", "--preserve-config"]);
        // Making the stack wrote the salt of its secrets there.
        writeFileSync(path, text);
      }
    }
  }

  /** A run that was killed leaves its lock behind; one that is alive keeps it. */
  private releaseStaleLock(stack: string): void {
    const folder = join(
      stateFolder,
      ".pulumi/locks/organization/mlstack",
      stack,
    );
    if (!existsSync(folder)) return;
    for (const file of readdirSync(folder)) {
      const { pid } = parse(readFileSync(join(folder, file), "utf8")) as {
        pid: number;
      };
      if (isAlive(pid)) {
        throw new CommandError(
          `stack ${stack}: busy: another run (process ${pid}) is at work on it; wait for its end`,
        );
      }
      unlinkSync(join(folder, file));
    }
  }
}

function loggedIn(): boolean {
  const file = join(
    process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"),
    "credentials.json",
  );
  if (!existsSync(file)) return false;
  const { current } = parse(readFileSync(file, "utf8")) as { current?: string };
  return current !== undefined && current !== "";
}

/** Whether a process runs; one that has ended but that nobody has asked about yet still has a folder in /proc. */
export function isAlive(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, "utf8"));
}
