import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { placeSchema } from "../../infra/local/inputs";
import { Layout } from "../../infra/local/layout";
import type { Report } from "../../stacks/commands/report/report";
import { copyCheckout } from "./checkout";
import { Kubectl } from "./kubectl";
import { startCommand, succeed, type RunningCommand } from "./project-command";

/** Ranges of a local cluster, apart from those of any other test. */
export interface ClusterPlace {
  readonly subnet: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
}

/** Where the cluster of a local stack lies, without what depends on its nodes. */
export function clusterLayout(name: string, place: ClusterPlace): Layout {
  return new Layout(placeSchema.parse({ name, ...place }));
}

/**
 * A stack of the tests, driven by the project's commands as a person does, in a copy of this checkout: what a test
 * writes there, a test that is killed leaves there.
 */
export class TestStack {
  private readonly opened: RunningCommand[] = [];
  /** Folder of the copy. */
  readonly checkout = mkdtempSync(join(tmpdir(), "mlstack-stack-"));
  /** Folder of the files that the commands write for the stack. */
  readonly folder: string;
  /** The stack's own file. */
  readonly file: string;

  /**
   * Writes the stack's file: that of a stack of the project, with other settings.
   *
   * @param write puts the project's files into the checkout: by default those of this one
   */
  constructor(
    readonly name: string,
    settings: Readonly<Record<string, unknown>>,
    base = "local",
    write: (folder: string) => void = copyCheckout,
  ) {
    write(this.checkout);
    this.folder = join(this.checkout, ".mlstack", name);
    const fileOf = (stack: string) =>
      join(this.checkout, `stacks/Pulumi.${stack}.yaml`);
    this.file = fileOf(name);
    const document = parseDocument(readFileSync(fileOf(base), "utf8"));
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

  start(command: string, ...args: string[]): RunningCommand {
    return startCommand(command, ["--stack", this.name, ...args], this);
  }

  /** Runs Pulumi in the checkout, as `npm run pulumi` does. @returns what it printed */
  pulumi(args: readonly string[], input?: string): Promise<string> {
    return succeed("pulumi", args, { checkout: this.checkout, input });
  }

  /** Runs a command that must succeed. @returns what it printed */
  succeed(command: string, ...args: string[]): Promise<string> {
    return succeed(command, ["--stack", this.name, ...args], this);
  }

  /** Opens a service of the stack, until the end. @returns its address on the loopback, as the command prints it */
  open(service: string): Promise<string> {
    const command = this.start("open", service);
    this.opened.push(command);
    return new Promise((resolve, reject) => {
      let text = "";
      command.child.stdout?.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        const address = /http:\/\/\S+/.exec(text)?.[0];
        if (address !== undefined) resolve(address);
      });
      void command.end.then(({ output }) => reject(new Error(output)));
    });
  }

  report(): Report {
    return JSON.parse(
      readFileSync(join(this.folder, "report.json"), "utf8"),
    ) as Report;
  }

  kubectl(): Kubectl {
    return new Kubectl(join(this.folder, "kubeconfig"));
  }

  /** Ends what was opened, takes the stack down if it is up, and the checkout away. */
  async end(): Promise<void> {
    for (const { child, end } of this.opened) {
      if (child.pid !== undefined && child.exitCode === null)
        process.kill(-child.pid, "SIGTERM");
      await end;
    }
    if (existsSync(this.folder)) await this.start("down").end;
    this.leave();
  }

  /** The same stack, as it is written here, in a second checkout; {@link leave} ends that. */
  inSecondCheckout(): TestStack {
    const second = new TestStack(this.name, {});
    copyFileSync(this.file, second.file);
    return second;
  }

  /** Removes the checkout, and leaves the stack as it is. */
  leave(): void {
    rmSync(this.checkout, { recursive: true });
  }
}
