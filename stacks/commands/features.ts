import { z } from "zod";

import {
  commandLabel,
  modelLabel,
  viewLabel,
} from "../../workloads/features/labels";
import { CommandError, readOptions, runCommand } from "./command";
import { featurePages } from "./feature-pages";
import { StackJobs, type SparkTemplate } from "./stack-jobs";
import { table } from "./table";

/** Questions and what follows each; a word in brackets may be left out. */
const questions: Readonly<Record<string, readonly string[]>> = {
  list: [],
  show: ["VIEW"],
  history: ["VIEW"],
  diff: ["VIEW", "INSTANT", "INSTANT"],
  freshness: ["TABLE"],
  drift: ["MODEL"],
  rollback: ["VIEW", "INSTANT"],
  docs: ["[VIEW]"],
};

const answerSchema = z.array(z.record(z.string(), z.unknown()));

/** `npm run features -- QUESTION... [--stack S]`, where `docs` writes files with `--out FOLDER`, and `drift` looks anew with `--now` */
runCommand(async () => {
  const { values, positionals } = readOptions({
    stack: { type: "string", short: "s", default: "local" },
    out: { type: "string" },
    now: { type: "boolean", default: false },
  });
  const [question = "", ...words] = positionals;
  requireQuestion(question, words);
  if (question === "docs") {
    process.stdout.write(featurePages(words[0], values.out));
    return;
  }
  const jobs = await StackJobs.connect(values.stack);
  if (question === "rollback") {
    const [view = "", instant = ""] = words;
    process.stdout.write(`${await rollback(jobs, view, instant)}\n`);
    return;
  }
  if (question === "drift" && values.now) await lookForDrift(jobs, words[0]);
  const answer = await jobs.tool({ args: [question, ...words] });
  const rows = answerSchema.parse(JSON.parse(answer));
  const columns = Object.keys(rows[0] ?? {});
  process.stdout.write(
    rows.length === 0
      ? "nothing\n"
      : `${table(
          columns.map((column) => column.toUpperCase()),
          rows.map((row) => columns.map((column) => String(row[column] ?? ""))),
        )}\n`,
  );
});

function requireQuestion(question: string, words: readonly string[]): void {
  const expected = questions[question];
  const least = expected?.filter((word) => !word.startsWith("[")).length ?? 0;
  if (
    expected !== undefined &&
    words.length >= least &&
    words.length <= expected.length
  )
    return;
  const choices = Object.entries(questions).map(([name, rest]) =>
    [name, ...rest].join(" "),
  );
  throw new CommandError(
    `features ${[question, ...words].join(" ")}: ask one of: ${choices.join(" | ")}`,
  );
}

/** Runs the view's suspended rollback once. */
async function rollback(
  jobs: StackJobs,
  view: string,
  instant: string,
): Promise<string> {
  const { namespace, spec } = await declared(jobs, "rollback", viewLabel, view);
  const name = await jobs.startSpark("rollback", {
    namespace,
    spec: { ...spec, arguments: [...spec.arguments, `--instant=${instant}`] },
  });
  await jobs.sparkEnd(namespace, name);
  return `${view} is what it was at ${instant}; \`npm run features -- history ${view}\` shows the new commits`;
}

/** Runs the model's job once, beside its schedule. */
async function lookForDrift(jobs: StackJobs, model = ""): Promise<void> {
  const job = await declared(jobs, "drift", modelLabel, model);
  await jobs.sparkEnd(job.namespace, await jobs.startSpark("drift", job));
}

/** A schedule that the stack declares for a command. @throws {CommandError} when there is none of the name */
async function declared(
  jobs: StackJobs,
  command: string,
  label: string,
  name: string,
): Promise<SparkTemplate> {
  const found = await jobs.sparkSchedule(
    `${commandLabel}=${command},${label}=${name}`,
  );
  if (found !== undefined) return found;
  throw new CommandError(
    `${name}: the stack declares nothing of this name for ${command}; \`npm run features -- list\` names its views`,
  );
}
