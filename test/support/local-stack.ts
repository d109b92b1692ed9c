import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocument } from "yaml";

import type { Report } from "../../stacks/commands/report";
import { Kubectl } from "./kubectl";

const root = join(__dirname, "../..");

/** How a command ended, and all that it printed. */
export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly end: Promise<Outcome>;
}

/** A stack on this machine, driven by the project's commands as a person does. */
export class LocalStack {
  readonly folder: string;
  private readonly file: string;

  /** Writes the stack's file: the local stack's, with other settings. */
  constructor(
    readonly name: string,
    settings: Readonly<Record<string, unknown>>,
  ) {
    this.folder = join(root, ".mlstack", name);
    this.file = join(root, `stacks/Pulumi.${name}.yaml`);
    const document = parseDocument(
      readFileSync(join(root, "stacks/Pulumi.local.yaml"), "utf8"),
    );
    for (const [key, value] of Object.entries(settings))
      document.setIn(["config", `mlstack:${key}`], value);
    writeFileSync(this.file, document.toString());
  }

  /** Changes the stack's file. */
  set(path: readonly string[], value: unknown): void {
    const document = parseDocument(readFileSync(this.file, "utf8"));
    const [key = "", ...rest] = path;
    document.setIn(["config", `mlstack:${key}`, ...rest], value);
    writeFileSync(this.file, document.toString());
  }

  start(command: string, ...args: string[]): Running {
    const child = spawn(
      "npm",
      ["run", "-s", command, "--", "--stack", this.name, ...args],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return {
      child,
      end: new Promise((resolve) =>
        child.once("close", (code) => resolve({ code, output })),
      ),
    };
  }

  /** Runs a command that must succeed. @returns what it printed */
  async succeed(command: string, ...args: string[]): Promise<string> {
    const { code, output } = await this.start(command, ...args).end;
    assert.equal(code, 0, output.slice(-4000));
    return output;
  }

  report(): Report {
    return JSON.parse(
      readFileSync(join(this.folder, "report.json"), "utf8"),
    ) as Report;
  }

  kubectl(): Kubectl {
    return new Kubectl(join(this.folder, "kubeconfig"));
  }

  /** Takes the stack down if it is up, and its file away. */
  async end(): Promise<void> {
    if (existsSync(join(this.folder, "kubeconfig")))
      await this.start("down").end;
    rmSync(this.file, { force: true });
  }
}
