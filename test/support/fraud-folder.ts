import {
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, parseDocument } from "yaml";

import type { TestStack } from "./test-stack";
import { succeed } from "./project-command";

const templates = join(__dirname, "../../workloads/templates");

const additions = join(__dirname, "fraud-workload");

/** Result of a step, in the output of the command `run`. */
export interface ToldStep {
  readonly state: string;
  readonly result: Readonly<Record<string, unknown>>;
}

/**
 * A team's own workload outside of the project: what `npm run new` writes, with packages of its own, and after its Spark
 * step a container, a training on two replicas, and a server as `npm run new -- --kind serve` writes it.
 */
export class FraudFolder {
  private readonly parent = mkdtempSync(join(tmpdir(), "mlstack-own-"));
  readonly path = join(this.parent, "fraud");

  /** Makes it by the command, as a person does, and writes into it. */
  async make(): Promise<void> {
    await succeed("new", ["fraud", "--path", this.path]);
    writeFileSync(join(this.path, "requirements.txt"), "humanize==4.9.0\n");
    this.edit("jobs/score.py", (text) =>
      text
        .replace("import json\n", "import json\nimport humanize\n")
        .replace("{rows} payments", "{humanize.intcomma(rows)} payments"),
    );
    for (const code of ["tell", "train"])
      cpSync(join(additions, code), join(this.path, code), { recursive: true });
    cpSync(
      join(templates, "serve/app/serve.py"),
      join(this.path, "tell/serve.py"),
    );
    const steps = parse(
      readFileSync(join(additions, "steps.yaml"), "utf8"),
    ) as Record<string, unknown>;
    for (const [name, step] of Object.entries(steps)) this.declare(name, step);
  }

  /** Writes a step into its declaration. */
  declare(name: string, step: unknown): void {
    this.edit("workload.yaml", (text) => {
      const document = parseDocument(text);
      document.setIn(["steps", name], document.createNode(step));
      return document.toString();
    });
  }

  edit(file: string, change: (text: string) => string): void {
    const path = join(this.path, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  }

  remove(): void {
    rmSync(this.parent, { recursive: true });
  }
}

/**
 * Numbers that the folder gives wherever it runs: those of the same sums in plain Python, on one machine, without Spark
 * and without torch.
 */
export const fraudNumbers = {
  "fraud-score": { rows: 1000, metrics: { highest: 0.4807 } },
  "fraud-train": { rows: 1000, metrics: { error: 0.003858 }, replicas: 2 },
} as const;

/** Score by the folder's server for a payment 50 % above the usual amount, through the command `open`. */
export async function askedScore(stack: TestStack): Promise<unknown> {
  const address = await stack.open("fraud-serve");
  const answer = await fetch(new URL("/score", address), {
    method: "POST",
    body: JSON.stringify({ amount: 30, usual: 20 }),
  });
  return answer.json();
}

/** How each step went, by the name of its job, from what the command `run` printed. */
export function toldSteps(output: string): Readonly<Record<string, ToldStep>> {
  return Object.fromEntries(
    [...output.matchAll(/^(\S+): (\S+)\n +result +(\{.*\})$/gm)].map(
      ([, name = "", state = "", result = ""]) => [
        name,
        { state, result: JSON.parse(result) as ToldStep["result"] },
      ],
    ),
  );
}
