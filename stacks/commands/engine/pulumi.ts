import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { pluginOf } from "../../../infra";
import { mirrorFolder } from "../../../infra/supply/mirror";
import { cloudStandIns, resolvePulumi } from "../../../infra/supply/pulumi";
import { findProgram } from "../../../infra/supply/toolchain/packages";
import { mirrorVariable } from "../../../infra/charts/chart-source";
import { backEndOf, hasPassphrase, requirePassphrase } from "./back-end";
import { CommandError } from "../cli/command-error";
import { root } from "../cli/paths";
import { machineHasStack, releaseStaleLock } from "./machine-state";
import { RunFolder } from "./run-folder";
import { readStackFile } from "../stack-file/stack-file";

/** In a log, the engine would print a dot per second, and a line, while it waits. */
function quietly([command = ""]: readonly string[]): readonly string[] {
  return !process.stdout.isTTY && ["up", "destroy", "preview"].includes(command)
    ? ["--suppress-progress"]
    : [];
}

/** A Pulumi CLI, with the environment that it needs on this machine. */
export class Pulumi {
  private constructor(
    readonly command: string,
    /** Variables to set beside those of the process; one that is undefined is not passed on. */
    readonly env: Readonly<Record<string, string | undefined>>,
    /** Whether no plugin can be downloaded. */
    private readonly offline: boolean,
    /** Folder of the state, where it is this machine's. */
    private readonly folder: string | undefined,
  ) {}

  /**
   * The person's own CLI where they have one, else ours; with the back end of a stack.
   *
   * @param use.stack the stack that the command is about, if it is about one
   * @param use.preview whether nothing will be made, so that a stand-in may answer for a cloud whose plugin cannot be
   *   downloaded
   */
  static async resolve(
    use: { readonly stack?: string; readonly preview?: boolean } = {},
  ): Promise<Pulumi> {
    const stack =
      use.stack === undefined ? undefined : readStackFile(use.stack);
    if (stack) requirePassphrase(stack);
    const { folder, env: kept } = backEndOf(stack);
    const { command, env: found, offline } = await resolvePulumi();
    const path = found["PATH"] ?? process.env["PATH"] ?? "";
    const env =
      use.preview && offline
        ? {
            ...found,
            PATH: [path, ...cloudStandIns(stack?.kind)].join(delimiter),
          }
        : found;
    return new Pulumi(
      command,
      {
        ...env,
        ...(offline
          ? { [mirrorVariable]: process.env[mirrorVariable] ?? mirrorFolder() }
          : {}),
        ...kept,
        // Types are checked in CI; checking them at every run takes longer than the run.
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        // Four a core by default: on two cores, images that are built would leave no place to what only waits.
        PULUMI_PARALLEL: process.env["PULUMI_PARALLEL"] ?? "32",
      },
      offline,
      folder,
    );
  }

  /**
   * Asks for the plugin of a stack's cloud before anything is made.
   *
   * @throws {CommandError} where it is not there and cannot be downloaded
   */
  requireCloudPlugin(stack: string): void {
    const { kind = "" } = readStackFile(stack);
    const name = pluginOf(kind)?.name;
    if (name === undefined || !this.offline) return;
    if (findProgram(`pulumi-resource-${name}`) !== undefined) return;
    throw new CommandError(
      `stack ${stack}: target.kind "${kind}": its plugin pulumi-resource-${name} is not on PATH and cannot be downloaded here; run this where get.pulumi.com answers (a preview works here)`,
    );
  }

  /** Runs the CLI in the open. @returns its exit code. */
  run(args: readonly string[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const child = this.start([...args, ...quietly(args)], "inherit");
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
    const folder = new RunFolder();
    const child = spawn(this.command, args, {
      cwd: root,
      env: { ...process.env, ...this.env, ...folder.env },
      stdio: ["inherit", output, output],
    });
    if (child.pid !== undefined) folder.belongsTo(child.pid);
    child.once("error", () => folder.remove());
    child.once("exit", () => folder.remove());
    return child;
  }

  /** Whether the back end has a stack. @throws {CommandError} when it does not answer */
  async has(stack: string): Promise<boolean> {
    if (this.folder !== undefined) return machineHasStack(stack);
    return this.read(["stack", "--show-name", "--stack", stack]).then(
      () => true,
      (error: unknown) => {
        if (/no stack named/.test(String(error))) return false;
        throw error;
      },
    );
  }

  /**
   * Readies a stack for a command that changes it: makes it when it is new, lets go of the lock of a killed run.
   *
   * @returns whether it is new
   * @throws {CommandError} while another run is at work on it
   */
  async ready(stack: string): Promise<boolean> {
    if (this.folder !== undefined) releaseStaleLock(this.folder, stack);
    if (await this.has(stack)) return false;
    await this.read(["stack", "init", stack, "--no-select"]);
    return true;
  }

  /**
   * Runs a preview of a stack. One that is new gets a back end of its own for as long as that takes, since who previews
   * may have no right to write to the stack's.
   *
   * @param use is given the CLI, and the arguments that name the stack
   */
  async previewing<Result>(
    stack: string,
    use: (pulumi: Pulumi, args: readonly string[]) => Promise<Result>,
  ): Promise<Result> {
    if (await this.has(stack)) return use(this, ["--stack", stack]);
    const folder = mkdtempSync(join(tmpdir(), "mlstack-preview-"));
    const config = join(folder, `Pulumi.${stack}.yaml`);
    try {
      // Pulumi notes in a new stack's file how its secrets are encrypted: in this copy of it.
      copyFileSync(readStackFile(stack).path, config);
      writeFileSync(
        join(folder, "Pulumi.yaml"),
        "name: mlstack\nruntime: nodejs\n",
      );
      const temporary = new Pulumi(
        this.command,
        {
          ...this.env,
          PULUMI_BACKEND_URL: `file://${folder}`,
          ...(hasPassphrase() ? {} : { PULUMI_CONFIG_PASSPHRASE: "" }),
        },
        this.offline,
        folder,
      );
      await temporary.read([
        ...["stack", "init", stack, "--no-select", "--cwd", folder],
      ]);
      return await use(temporary, [
        ...["--stack", stack, "--config-file", config],
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
