import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { placeSchema } from "../../infra/local/inputs";
import { Layout } from "../../infra/local/layout";
import type { Report } from "../../stacks/commands/report";
import { Kubectl } from "./kubectl";
import { startCommand, succeed, type RunningCommand } from "./project-command";

const root = join(__dirname, "../..");

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

/** A stack of the tests, driven by the project's commands as a person does. */
export class TestStack {
  private readonly opened: RunningCommand[] = [];
  readonly folder: string;
  /** The stack's own file, which git ignores. */
  readonly file: string;

  /** Writes the stack's file: that of a stack of the project, with other settings. */
  constructor(
    readonly name: string,
    settings: Readonly<Record<string, unknown>>,
    base = "local",
  ) {
    this.folder = join(root, ".mlstack", name);
    this.file = join(root, `stacks/Pulumi.${name}.yaml`);
    const document = parseDocument(
      readFileSync(join(root, `stacks/Pulumi.${base}.yaml`), "utf8"),
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

  start(command: string, ...args: string[]): RunningCommand {
    return startCommand(command, ["--stack", this.name, ...args]);
  }

  /** Runs a command that must succeed. @returns what it printed */
  succeed(command: string, ...args: string[]): Promise<string> {
    return succeed(command, ["--stack", this.name, ...args]);
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

  /** Ends what was opened, takes the stack down if it is up, and its file away. */
  async end(): Promise<void> {
    for (const { child, end } of this.opened) {
      if (child.pid !== undefined && child.exitCode === null)
        process.kill(-child.pid, "SIGTERM");
      await end;
    }
    if (existsSync(this.folder)) await this.start("down").end;
    rmSync(this.file, { force: true });
  }
}
