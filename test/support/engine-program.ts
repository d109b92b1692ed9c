import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { resolvePulumi } from "../../infra/supply/pulumi";

/** Variables of a run beside those of every run. */
type Variables = Readonly<Record<string, string>>;

/** The stack `test` of a Pulumi program of the tests, in the real CLI and engine, with its state in a folder of its own. */
export class EngineProgram {
  private constructor(
    private readonly program: string,
    private readonly state: string,
    private readonly pulumi: { readonly command: string; readonly env: object },
    private readonly kubeconfig: string,
  ) {}

  /**
   * Makes the stack; CLI and plugins must be there.
   *
   * @param program folder of the program
   * @param kubeconfig path, which the program gets as KUBECONFIG
   * @param variables of the program
   */
  static async make(
    program: string,
    kubeconfig: string,
    variables: Variables = {},
  ): Promise<EngineProgram> {
    const state = mkdtempSync(join(tmpdir(), `mlstack-${basename(program)}-`));
    const made = new EngineProgram(
      program,
      state,
      await resolvePulumi(),
      kubeconfig,
    );
    await made.succeed(["stack", "init"], variables);
    return made;
  }

  /** Starts the CLI, as the first of a process group of its own, which can be killed as a whole. */
  start(args: readonly string[], variables: Variables = {}): ChildProcess {
    return spawn(
      this.pulumi.command,
      [...args, "--stack", "test", "--non-interactive"],
      {
        cwd: this.program,
        detached: true,
        env: {
          ...process.env,
          ...this.pulumi.env,
          KUBECONFIG: this.kubeconfig,
          PULUMI_BACKEND_URL: `file://${this.state}`,
          PULUMI_CONFIG_PASSPHRASE: "",
          PULUMI_NODEJS_TRANSPILE_ONLY: "true",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          ...variables,
        },
      },
    );
  }

  /** Runs the CLI to its end. @returns exit code, and both outputs as they came */
  run(
    args: readonly string[],
    variables: Variables = {},
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const child = this.start(args, variables);
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return new Promise((resolve) =>
      child.once("close", (code) => resolve({ code, output })),
    );
  }

  /** Runs the CLI, which must succeed. @returns its output */
  async succeed(
    args: readonly string[],
    variables: Variables = {},
  ): Promise<string> {
    const { code, output } = await this.run(args, variables);
    assert.equal(code, 0, output.slice(-4000));
    return output;
  }

  /** Removes the state and the stack's file. */
  remove(): void {
    rmSync(this.state, { recursive: true, force: true });
    rmSync(join(this.program, "Pulumi.test.yaml"), { force: true });
  }
}
