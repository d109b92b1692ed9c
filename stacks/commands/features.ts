import { z } from "zod";

import { commandLabel, viewLabel } from "../../workloads/features/labels";
import { CommandError, readOptions, runCommand } from "./command";
import { featurePages } from "./feature-pages";
import { StackJobs } from "./stack-jobs";
import { table } from "./table";

/** Questions and what follows each; a word in brackets may be left out. */
const questions: Readonly<Record<string, readonly string[]>> = {
  list: [],
  show: ["VIEW"],
  history: ["VIEW"],
  diff: ["VIEW", "INSTANT", "INSTANT"],
  freshness: ["TABLE"],
  rollback: ["VIEW", "INSTANT"],
  docs: ["[VIEW]"],
};

const answerSchema = z.array(z.record(z.string(), z.unknown()));

/** `npm run features -- QUESTION... [--stack S]`, where `docs` needs no stack and writes files with `--out FOLDER` */
runCommand(async () => {
  const { values, positionals } = readOptions({
    stack: { type: "string", short: "s", default: "local" },
    out: { type: "string" },
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
  const template = await jobs.sparkSchedule(
    `${commandLabel}=rollback,${viewLabel}=${view}`,
  );
  if (template === undefined) {
    throw new CommandError(
      `${view}: the stack declares no such view; \`npm run features -- list\` names them`,
    );
  }
  const { namespace, spec } = template;
  const name = await jobs.startSpark("rollback", {
    namespace,
    spec: { ...spec, arguments: [...spec.arguments, `--instant=${instant}`] },
  });
  await jobs.sparkEnd(namespace, name);
  return `${view} is what it was at ${instant}; \`npm run features -- history ${view}\` shows the new commits`;
}
