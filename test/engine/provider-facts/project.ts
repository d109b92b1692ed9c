import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { toolPath } from "../../../airgap/toolchain/tools";

/** What one command of the engine reported. */
export interface Report {
  readonly exit: number;
  readonly ops: readonly Operation[];
  readonly messages: readonly string[];
}

const operation = z.object({
  op: z.string(),
  type: z.string(),
  name: z.string(),
  replaceReasons: z.array(z.string()).optional(),
  diffs: z.array(z.string()).optional(),
  detailedDiff: z.record(z.string(), z.string()).optional(),
});

/** A step of the engine on one resource. */
export type Operation = z.infer<typeof operation>;

const report = z.object({
  exit: z.number(),
  ops: z.array(operation),
  messages: z.array(z.string()),
});

/** The facts of one step of a scenario. */
export const facts = z.record(
  z.string(),
  z.array(
    z.union([
      z.object({
        step: z.number(),
        preview: report,
        up: report,
        state: z.array(
          z.object({
            type: z.string(),
            id: z.string(),
            initErrors: z.array(z.string()).optional(),
          }),
        ),
        secondPreviewNoChange: z.boolean(),
      }),
      z.object({
        step: z.string(),
        refresh: z.array(operation),
        upExit: z.number().optional(),
        labelAfterUp: z.string().optional(),
        upMessages: z.string().optional(),
        exit: z.number().optional(),
      }),
      z.object({ destroyExit: z.number() }),
    ]),
  ),
);

const event = z.looseObject({
  resourcePreEvent: z
    .object({
      metadata: z.looseObject({
        op: z.string(),
        urn: z.string(),
        type: z.string(),
        keys: z.array(z.string()).nullish(),
        diffs: z.array(z.string()).nullish(),
        detailedDiff: z
          .record(z.string(), z.looseObject({ diffKind: z.string() }))
          .nullish(),
      }),
    })
    .optional(),
  diagnosticEvent: z
    .looseObject({
      severity: z.string(),
      message: z.string(),
      ephemeral: z.boolean().optional(),
    })
    .optional(),
});

const exported = z.looseObject({
  deployment: z.looseObject({
    resources: z
      .array(
        z.looseObject({
          type: z.string(),
          id: z.string().optional(),
          initErrors: z.array(z.string()).optional(),
        }),
      )
      .optional(),
  }),
});

const root = resolve(__dirname, "..", "..", "..");

/** A folder of its own for the programs, with state beside it. */
export class Project {
  readonly #folder = mkdtempSync(join(tmpdir(), "mlstack-facts-"));
  readonly #env: NodeJS.ProcessEnv;

  constructor(kubeconfig: string, chart: string) {
    const state = join(this.#folder, "state");
    mkdirSync(state);
    for (const name of ["Pulumi.yaml", "programs.ts", "kz"]) {
      symlinkSync(join(__dirname, name), join(this.#folder, name));
    }
    symlinkSync(join(root, "node_modules"), join(this.#folder, "node_modules"));
    symlinkSync(chart, join(this.#folder, "so-chart"));
    writeFileSync(
      join(this.#folder, "package.json"),
      JSON.stringify({ name: "facts", main: "programs.ts" }),
    );
    this.#env = {
      ...process.env,
      KUBECONFIG: kubeconfig,
      PATH: [
        join(root, "airgap", "providers", "kubernetes"),
        dirname(toolPath("pulumi-language-nodejs")),
        process.env.PATH ?? "",
      ].join(delimiter),
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: "facts",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // Gives the commands their `--event-log`.
      PULUMI_DEBUG_COMMANDS: "true",
      // The language host of the toolchain would check the types of every file.
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      // Each command would look for a plugin of every package, and wait for each refusal.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
  }

  /** Makes a stack for a scenario, or changes its step. */
  async configure(scenario: string, step: number): Promise<void> {
    await this.#pulumi("stack", "select", "--create", scenario);
    await this.#pulumi("config", "set", "scenario", scenario);
    await this.#pulumi("config", "set", "step", String(step));
  }

  /** Runs a command of the engine on the stack. */
  async run(
    command: "preview" | "up" | "refresh" | "destroy",
    ...flags: readonly string[]
  ): Promise<Report> {
    const log = join(this.#folder, "events.jsonl");
    rmSync(log, { force: true });
    const { exit, output } = await this.#pulumi(
      command,
      "--event-log",
      log,
      "--suppress-progress",
      ...(command === "preview" ? [] : ["--yes", "--skip-preview"]),
      ...flags,
    );
    if (!existsSync(log)) {
      throw new Error(`pulumi ${command} made no events:\n${output}`);
    }
    const events = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => event.parse(JSON.parse(line)));
    return {
      exit,
      ops: events.flatMap(({ resourcePreEvent }) =>
        resourcePreEvent ? operationOf(resourcePreEvent.metadata) : [],
      ),
      messages: events.flatMap(({ diagnosticEvent: said }) =>
        said?.severity === "error" ? [`error: ${normal(said.message)}`] : [],
      ),
    };
  }

  /** Resources of the stack's state, without the stack and its providers. */
  async state(): Promise<
    readonly { type: string; id: string; initErrors?: readonly string[] }[]
  > {
    const { output } = await this.#pulumi("stack", "export");
    const { deployment } = exported.parse(JSON.parse(output));
    return (deployment.resources ?? [])
      .filter(({ type }) => !type.startsWith("pulumi:"))
      .map(({ type, id = "", initErrors }) => ({
        type,
        id: normal(id),
        ...(initErrors?.length ? { initErrors: initErrors.map(normal) } : {}),
      }));
  }

  /** Removes the folder. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #pulumi(
    ...args: readonly string[]
  ): Promise<{ readonly exit: number; readonly output: string }> {
    const child = spawn(toolPath("pulumi"), [...args, "--non-interactive"], {
      cwd: this.#folder,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    // The language host complains about its own age on every command.
    child.stderr.resume();
    const exit = await new Promise<number>((done, fail) => {
      child.once("error", fail);
      child.once("close", (code) => done(code ?? 1));
    });
    return { exit, output };
  }
}

function operationOf(
  metadata: NonNullable<z.infer<typeof event>["resourcePreEvent"]>["metadata"],
): Operation[] {
  const { op, urn, type, keys, diffs, detailedDiff } = metadata;
  if (op === "same" || type === "pulumi:pulumi:Stack") return [];
  const found: Operation = { op, type, name: urn.split("::").at(-1) ?? "" };
  if (keys?.length) found.replaceReasons = [...keys].sort();
  if (diffs?.length) found.diffs = [...diffs].sort();
  if (detailedDiff && Object.keys(detailedDiff).length > 0) {
    found.detailedDiff = Object.fromEntries(
      Object.entries(detailedDiff).map(([path, { diffKind }]) => [
        path,
        diffKind,
      ]),
    );
  }
  return [found];
}

/** A text without what differs from run to run. */
export function normal(text: string): string {
  return text
    .replace(/<\{%(?:reset|fg \d+)%\}>/g, "")
    .replace(/-[0-9a-f]{8}(?=$|["'\s:\]-])/g, "-<8hex>")
    .replace(/\b(d-)[0-9a-f]{8,10}\b/g, "$1<hash>")
    .replace(/(<hash>-|<8hex>-)[a-z0-9]{5}\b/g, "$1<5>")
    .trim()
    .replace(/is invalid: \[(.*)\]$/s, (_, reasons: string) => {
      // The server lists the reasons in any order.
      const sorted = reasons.split(/, (?=spec\.)/).sort();
      return `is invalid: [${sorted.join(", ")}]`;
    });
}
