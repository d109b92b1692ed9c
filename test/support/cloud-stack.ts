import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { parseDocument, type Document } from "yaml";
import { z } from "zod";

import { Pulumi } from "../../stacks/commands/engine/pulumi";
import { Checkout } from "./checkout";
import { cloudStandIns } from "../../infra/supply/pulumi";
import {
  clusterVariable,
  type ClusterAddress,
} from "../../infra/supply/plugins/clouds/cluster";

/** A step of the engine on a resource: when it began, or when it had ended. */
export interface Step {
  readonly moment: "begin" | "end";
  readonly op: string;
  readonly type: string;
  readonly name: string;
}

/** Result of a command of the engine. */
export interface Run {
  readonly exit: number;
  /** In the order in which the engine told of them. */
  readonly steps: readonly Step[];
  readonly output: string;
}

/** An operation in the generic provider's log. */
export interface Operation {
  readonly op: string;
  readonly type: string;
  readonly name: string;
}

const metadata = z.object({
  metadata: z.looseObject({ op: z.string(), urn: z.string() }),
});

const event = z.looseObject({
  resourcePreEvent: metadata.optional(),
  resOutputsEvent: metadata.optional(),
});

/** A cluster that answers, and the token that it lets in. */
export interface Cluster extends ClusterAddress {
  readonly token: string;
}

/** A cloud stack of the project under a name of its own, in a back end of its own, on the generic stand-ins. */
export class CloudStack {
  readonly name: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "mlstack-cloud-"));
  readonly #checkout = new Checkout();
  readonly #file: string;
  readonly #log: string;

  private constructor(
    cloud: string,
    private readonly pulumi: Pulumi,
    private readonly cluster: Cluster,
  ) {
    this.name = `engine-${cloud}`;
    this.#file = this.#checkout.stackFile(this.name);
    this.#log = join(this.#folder, "operations.jsonl");
    this.#checkout.writeStack(this.name, cloud);
  }

  static async make(cloud: string, cluster: Cluster): Promise<CloudStack> {
    const stack = new CloudStack(cloud, await Pulumi.resolve(), cluster);
    await stack.#end(stack.#start(["stack", "init", stack.name]));
    return stack;
  }

  /** Changes the stack's file. */
  edit(change: (document: Document) => void): void {
    const document = parseDocument(readFileSync(this.#file, "utf8"));
    change(document);
    writeFileSync(this.#file, String(document));
  }

  /** Runs a command of the engine to its end. */
  run(
    command: "preview" | "up" | "destroy",
    ...flags: readonly string[]
  ): Promise<Run> {
    return this.begin(command, flags).ended;
  }

  /** Begins a command of the engine. */
  begin(
    command: "preview" | "up" | "destroy",
    flags: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): {
    /** Ends engine, program and plugins at once, as a machine that goes down does. */
    kill(): void;
    /** Steps of the command so far. */
    steps(): readonly Step[];
    readonly ended: Promise<Run>;
  } {
    const log = join(this.#folder, `events-${Date.now()}.jsonl`);
    const args = [
      ...[command, "--stack", this.name, "--event-log", log],
      ...["--suppress-progress", "--non-interactive"],
      ...(command === "preview" ? [] : ["--yes", "--skip-preview"]),
      ...flags,
    ];
    const child = this.#start(args, env);
    const steps = () => readSteps(log);
    return {
      kill: () => {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      },
      steps,
      ended: this.#end(child).then((run) => ({ ...run, steps: steps() })),
    };
  }

  /** Lets go of the lock of a run that was killed. */
  async unlock(): Promise<void> {
    await this.#end(this.#start(["cancel", "--yes", this.name]));
  }

  /** Operations of the generic provider since the last call. */
  operations(): readonly Operation[] {
    if (!existsSync(this.#log)) return [];
    return readFileSync(this.#log, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Operation);
  }

  forget(): void {
    rmSync(this.#log, { force: true });
  }

  /** Names and types of what is in the state. */
  async state(): Promise<readonly string[]> {
    const { output } = await this.#end(
      this.#start(["stack", "export", "--stack", this.name]),
    );
    const { deployment } = JSON.parse(output) as {
      deployment: { resources?: { urn: string }[] };
    };
    return (deployment.resources ?? []).map(({ urn }) => urn);
  }

  remove(): void {
    this.#checkout.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    return spawn(this.pulumi.command, args, {
      cwd: this.#checkout.root,
      // A group of its own, which a signal ends as a whole.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        ...this.pulumi.env,
        ...env,
        PATH: [
          ...cloudStandIns(),
          join(__dirname, "cloud-login"),
          this.pulumi.env["PATH"] ?? process.env["PATH"] ?? "",
        ].join(delimiter),
        PULUMI_BACKEND_URL: `file://${this.#folder}`,
        PULUMI_CONFIG_PASSPHRASE: "",
        // Gives the commands their `--event-log`.
        PULUMI_DEBUG_COMMANDS: "true",
        MLSTACK_GENERIC_PROVIDER_LOG: this.#log,
        [clusterVariable]: JSON.stringify(this.cluster),
        MLSTACK_TEST_CLUSTER_TOKEN: this.cluster.token,
        // Nothing may be found by chance.
        KUBECONFIG: "/nonexistent",
      },
    });
  }

  async #end(child: ChildProcess): Promise<Run> {
    let output = "";
    let errors = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr?.setEncoding("utf8").on("data", (text) => (errors += text));
    const exit = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? 1));
    });
    return { exit, steps: [], output: exit === 0 ? output : output + errors };
  }
}

/** Waits until something is there, for as long as the test has. */
export async function eventually<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await pause(50);
  }
}

function readSteps(log: string): readonly Step[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, "utf8").split("\n");
  // The last line may still be being written.
  return lines.slice(0, -1).flatMap((line): Step[] => {
    const { resourcePreEvent, resOutputsEvent } = event.parse(JSON.parse(line));
    const told = resourcePreEvent ?? resOutputsEvent;
    if (!told) return [];
    const { op, urn } = told.metadata;
    const [, , types = "", ...name] = urn
      .replace("urn:pulumi:", "")
      .split("::");
    return [
      {
        moment: resourcePreEvent ? "begin" : "end",
        op,
        type: types.split("$").at(-1) ?? "",
        name: name.join("::"),
      },
    ];
  });
}
