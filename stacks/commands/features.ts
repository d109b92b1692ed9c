import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import { z } from "zod";

import {
  commandLabel,
  modelLabel,
  viewLabel,
} from "../../workloads/features/labels";
import { CommandError } from "./cli/command-error";
import { examples, jsonOption, stackOption } from "./cli/options";
import type { SparkSpec, SparkTemplate } from "./features/declared-features";
import { CommandJobs } from "./jobs/command-jobs";
import { table } from "./cli/table";

/** Questions that the stack answers with rows: words that follow each, and what it tells. */
const questions: Readonly<
  Record<string, { readonly words: readonly string[]; readonly tells: string }>
> = {
  list: { words: [], tells: "the views" },
  show: { words: ["view"], tells: "a view's columns" },
  history: { words: ["view"], tells: "a view's commits" },
  diff: {
    words: ["view", "instant", "other"],
    tells: "what changed between two commits",
  },
  freshness: { words: ["table"], tells: "how old a table's newest row is" },
};

const answerSchema = z.array(z.record(z.string(), z.unknown()));

/** `features`: questions to the stack's feature store. */
export function define(group: Command): void {
  // One that stands before or after the question.
  const command = group
    .addOption(stackOption())
    .configureHelp({ showGlobalOptions: true });
  for (const [question, { words, tells }] of Object.entries(questions)) {
    const asked: CommandUnknownOpts = command.command(question);
    for (const word of words) asked.argument(`<${word}>`);
    asked
      .summary(tells)
      .description(tells)
      .addOption(jsonOption())
      .action(async (...given: readonly unknown[]) => {
        const { json } = given[words.length] as AskOptions;
        const jobs = await CommandJobs.connect(command.opts().stack);
        await ask(jobs, [question, ...given.slice(0, words.length)], json);
      });
  }
  command
    .command("drift")
    .summary("how far a model's inputs have moved")
    .argument("<model>")
    .addOption(jsonOption())
    .option("--now", "look anew first")
    .action(async (model, { json, now }) => {
      const jobs = await CommandJobs.connect(command.opts().stack);
      if (now) await lookForDrift(jobs, model);
      await ask(jobs, ["drift", model], json);
    });
  command
    .command("rollback")
    .summary("brings a view back to a commit")
    .argument("<view>")
    .argument("<instant>")
    .action(async (view, instant) => {
      const jobs = await CommandJobs.connect(command.opts().stack);
      process.stdout.write(`${await rollback(jobs, view, instant)}\n`);
    });
  command
    .command("rebuild")
    .summary("makes a view's table anew from its events")
    .argument("<view>")
    .action(async (view) => {
      const jobs = await CommandJobs.connect(command.opts().stack);
      process.stdout.write(`${await rebuild(jobs, view)}\n`);
    });
  command
    .command("replay")
    .summary("judges a table's dead letters again, and takes in what passes")
    .argument("<table>")
    .action(async (events) => {
      const jobs = await CommandJobs.connect(command.opts().stack);
      process.stdout.write(`${await replay(jobs, events)}\n`);
    });
  command
    .command("delete")
    .summary("deletes an entity, such as a person, from all that is kept of it")
    .argument(
      "<view>",
      "a view that has the entity, or the table of the events",
    )
    .requiredOption("--entity <value>", "the entity")
    .option(
      "--field <field>",
      "of the events, that names it; with a table whose views are of several",
    )
    .option("-y, --yes", "delete; without it, count what there is")
    .option(
      "--purge",
      "with --yes: remove the history of the tables, which still tells of it",
    )
    .action(async (name, { entity, field, yes = false, purge = false }) => {
      const { deleteEntity } =
        require("./features/deletion") as typeof import("./features/deletion");
      const jobs = await CommandJobs.connect(command.opts().stack);
      const request = { name, entity, field, yes, purge };
      const lines = await deleteEntity(jobs, request);
      process.stdout.write(`${lines.join("\n")}\n`);
      // The exit code keeps scripts from taking a count for a deletion.
      if (!yes) process.exitCode = 1;
    });
  command
    .command("check")
    .summary("a folder's data-set.yaml and sample, without a stack")
    .argument("<folder>")
    .action((folder) => {
      const { checkFolder } =
        require("./features/check-data-set") as typeof import("./features/check-data-set");
      process.stdout.write(checkFolder(folder));
    });
  command
    .command("docs")
    .summary("pages of the declared views, as Markdown")
    .argument("[view]")
    .option("--out <folder>", "write files there")
    .option("--path <folder>", "of that data set, in place of workloads/*")
    .action((view, { out, path }) => {
      // Loads every data set.
      const { featurePages } =
        require("./features/pages") as typeof import("./features/pages");
      process.stdout.write(featurePages(view, out, path));
    });
  command.addHelpText(
    "after",
    examples(
      ["npm run features -- list", "the views of the stack `local`"],
      ["npm run features -- history sessions --stack aws", "commits of one"],
      [
        "npm run features -- replay clickstream_events",
        "after its contract has changed",
      ],
      [
        "npm run features -- delete user_activity --entity 4711",
        "what is kept of one user; --yes deletes it",
      ],
      ["npm run features -- docs --out docs/features", "needs no stack"],
    ),
  );
}

interface AskOptions {
  readonly json?: true;
}

async function ask(
  jobs: CommandJobs,
  words: readonly unknown[],
  json: true | undefined,
): Promise<void> {
  const answer = await jobs.tool({ args: words.map(String) });
  const rows = answerSchema.parse(JSON.parse(answer));
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  const columns = Object.keys(rows[0] ?? {});
  process.stdout.write(
    rows.length === 0
      ? "nothing\n"
      : `${table(
          columns.map((column) => column.toUpperCase()),
          rows.map((row) => columns.map((column) => String(row[column] ?? ""))),
        )}\n`,
  );
}

/** Runs the view's suspended rollback once. */
export async function rollback(
  jobs: CommandJobs,
  view: string,
  instant: string,
): Promise<string> {
  const { namespace, spec } = declared(jobs, "rollback", viewLabel, view);
  const name = await jobs.startSpark("rollback", {
    namespace,
    spec: { ...spec, arguments: [...spec.arguments, `--instant=${instant}`] },
  });
  await jobs.sparkEnd(namespace, name);
  return `${view} is what it was at ${instant}; \`npm run features -- history ${view}\` shows the new commits`;
}

/** Runs the view's own job on nothing: it has the same arguments as its rollback. */
export async function rebuild(
  jobs: CommandJobs,
  view: string,
): Promise<string> {
  const { namespace, spec } = declared(jobs, "rollback", viewLabel, view);
  const name = await jobs.startSpark("rebuild", {
    namespace,
    spec: {
      ...spec,
      mainApplicationFile: spec.mainApplicationFile.replace(/[^/]+$/, "job.py"),
      arguments: [...spec.arguments, "--rebuild"],
    },
  });
  await jobs.sparkEnd(namespace, name);
  return `${view} is made anew; \`npm run features -- history ${view}\` shows its commits`;
}

/** Runs the table's ingestion on its dead letters, beside the one that reads the topic. */
export async function replay(
  jobs: CommandJobs,
  events: string,
): Promise<string> {
  const ingestions = jobs.declared.sparkJobsOf("/stream/ingest.py");
  const found = ingestions.find(({ spec }) => tableOf(spec) === events);
  if (found === undefined) {
    const tables = ingestions.map(({ spec }) => tableOf(spec)).join(", ");
    throw new CommandError(
      `${events}: no stream of the stack writes this table; ${tables || "none"} can be replayed`,
    );
  }
  const { namespace, spec } = found;
  const name = await jobs.startSpark("replay", {
    namespace,
    spec: replayOf(spec),
  });
  const { metrics } = replayedSchema.parse(
    JSON.parse(await jobs.sparkEnd(namespace, name)),
  );
  return `${events}: ${metrics.accepted} dead letters are rows now, ${metrics.rejected} are refused again`;
}

const contractOption = "--contract=";

/** The table that an ingestion writes. */
function tableOf({ arguments: given }: SparkSpec): string | undefined {
  const contract = given.find((each) => each.startsWith(contractOption));
  return (
    contract &&
    z
      .looseObject({ name: z.string() })
      .parse(JSON.parse(contract.slice(contractOption.length))).name
  );
}

/** An ingestion that takes up the dead letters and ends, of one that reads a topic or a table. */
export function replayOf(spec: SparkSpec): SparkSpec {
  return {
    ...spec,
    restartPolicy: { type: "Never" },
    arguments: [
      ...spec.arguments.filter(
        (each) => !/^--(topic|database|every|run)=/.test(each),
      ),
      "--replay",
    ],
  };
}

const replayedSchema = z.looseObject({
  metrics: z.looseObject({ accepted: z.number(), rejected: z.number() }),
});

/** Runs the model's job once, beside its schedule. */
export async function lookForDrift(
  jobs: CommandJobs,
  model: string,
): Promise<void> {
  const job = declared(jobs, "drift", modelLabel, model);
  await jobs.sparkEnd(job.namespace, await jobs.startSpark("drift", job));
}

/** A schedule that the stack declares for a command. @throws {CommandError} when there is none of the name */
function declared(
  jobs: CommandJobs,
  command: string,
  label: string,
  name: string,
): SparkTemplate {
  const [found] = jobs.declared.sparkSchedules({
    [commandLabel]: command,
    [label]: name,
  });
  if (found !== undefined) return found;
  throw new CommandError(
    `${name}: the stack declares nothing of this name for ${command}; \`npm run features -- list\` names its views`,
  );
}
