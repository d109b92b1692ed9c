import {
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, isAbsolute, join, relative } from "node:path";

import type { Command } from "@commander-js/extra-typings";
import { parseDocument } from "yaml";
import { z } from "zod";

import { bucketNames } from "../../components/stores/hudi-store";
import { gitFolder, gitPrefix } from "../../infra/folders/git-folder";
import {
  jobName,
  type DeclaredWorkload,
} from "../../workloads/declaration/declared-workload";
import { stepLabel, workloadLabel } from "../../workloads/own/labels";
import { CommandError } from "./cli/command-error";
import { fromCaller, root, stackFolder } from "./cli/paths";
import { inputValues } from "./cli/input-values";
import { storyOf } from "./jobs/job-story";
import {
  examples,
  localStateOption,
  stackOption,
  yesOption,
} from "./cli/options";
import { Pulumi } from "./engine/pulumi";
import { readable } from "./stack-file/stack-config";
import { readStackFile } from "./stack-file/stack-file";
import { connect, readState, type StateResource } from "./state/stack-state";
import { jobsOf } from "./jobs/awaited-jobs";
import { jobKinds } from "../../infra/provider/job-status";
import { up } from "./up";
import { workloadEntry } from "./stack-file/workload-entry";

/** `run`: `up` of a stack with a workload in it, whose steps run again, and how they went. */
export function define(command: Command): void {
  command
    .argument(
      "<workload>",
      "name, or path of its folder, or git+URL#COMMIT:FOLDER",
    )
    .addOption(stackOption())
    .option("--team <team>", "team that runs the jobs")
    .option("--set <input...>", "values of its inputs, as NAME=VALUE")
    .addOption(yesOption())
    .addOption(localStateOption())
    .addHelpText(
      "after",
      examples(
        ["npm run run -- fraud", "workloads/fraud on this machine's cluster"],
        ["npm run run -- ../elsewhere/fraud", "a folder of another repository"],
        [
          "npm run run -- git+https://HOST/REPOSITORY#COMMIT:fraud",
          "a folder of a repository at a commit",
        ],
        ["npm run run -- fraud --set date=2026-11-02", "with another input"],
      ),
    )
    .action(async (workload, options) => {
      process.exitCode = await run(workload, options);
    });
}

interface RunOptions {
  readonly stack: string;
  readonly team?: string;
  readonly set?: readonly string[];
  readonly yes?: true;
  readonly localState?: true;
}

async function run(workload: string, options: RunOptions): Promise<number> {
  const { stack, team, set, ...asked } = options;
  const { name, path } = named(workload);
  const own = {
    ...(path === undefined ? {} : { path }),
    ...(team === undefined ? {} : { team }),
    inputs: inputValues(set),
  };
  const { file, declared, isNew } = withWorkload(stack, name, own);
  const code = await up(
    { stack, ...asked, rerun: await ranBefore(stack, declared) },
    ["--config-file", file],
  );
  if (code !== 0) return code;
  process.stdout.write(`\n${await describeRun(stack, declared)}\n`);
  if (isNew)
    process.stdout.write(
      [
        "",
        `${name} was declared for this run alone: the next \`npm run up\` takes its jobs away, and leaves what they wrote.`,
        `To keep it, write into ${relative(root, readStackFile(stack).path)}:`,
        "",
        ...workloadEntry(name, path),
        "",
      ].join("\n"),
    );
  return 0;
}

/** A name alone is that of a folder of this project; a path is anybody's, and so is a repository. */
function named(workload: string): {
  readonly name: string;
  readonly path?: string;
} {
  if (!workload.includes("/") && !workload.startsWith("."))
    return { name: workload };
  if (workload.startsWith(gitPrefix)) {
    const place = gitFolder(workload);
    if ("fault" in place)
      throw new CommandError(
        `run: ${JSON.stringify(workload)}: ${place.fault}`,
      );
    const last = place.folder ?? new URL(place.url).pathname;
    return { name: basename(last, ".git"), path: workload };
  }
  const folder = fromCaller(workload);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new CommandError(
      `run: ${JSON.stringify(workload)}: no such folder; make one with \`npm run new -- NAME --path ${workload}\``,
    );
  const path = isAbsolute(workload) ? folder : relative(root, folder);
  return { name: basename(folder), path };
}

/**
 * A copy of a stack's file with a workload in it.
 *
 * @throws {CommandError} with every mistake in the two, before anything changes
 */
function withWorkload(
  stack: string,
  name: string,
  own: Readonly<Record<string, unknown>> & {
    readonly inputs: Readonly<Record<string, string>>;
  },
) {
  const document = parseDocument(
    readFileSync(readStackFile(stack).path, "utf8"),
  );
  const at = ["config", "mlstack:workloads", name];
  const { config = {} } = document.toJS() as {
    config?: Record<string, Record<string, unknown>>;
  };
  const known = z
    .looseObject({ inputs: z.looseObject({}).prefault({}) })
    .safeParse(config["mlstack:workloads"]?.[name]).data;
  const entry = {
    ...known,
    ...own,
    inputs: { ...known?.inputs, ...own.inputs },
  };
  document.setIn(at, document.createNode(entry));
  const { config: values } = document.toJS() as {
    config: Record<string, unknown>;
  };
  const declared = readable(stack, values).config.declared.find(
    (each) => each.name === name,
  );
  if (declared === undefined)
    throw new CommandError(
      `run: ${JSON.stringify(name)}: it is no workload of a folder; \`npm run up\` runs it where the stack's file names it`,
    );
  const folder = stackFolder(stack);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "run.yaml");
  writeFileSync(`${file}.half`, document.toString(), { mode: 0o600 });
  renameSync(`${file}.half`, file);
  return { file, declared, isNew: known === undefined };
}

/** Jobs of a workload that the stack has already, in the words of `--rerun`. */
async function ranBefore(
  stack: string,
  { name }: DeclaredWorkload,
): Promise<readonly string[]> {
  const pulumi = await Pulumi.resolve({ stack });
  if (!(await pulumi.has(stack))) return [];
  const resources = await readState(pulumi, stack);
  const own = ownObjects(resources, name);
  return jobsOf(own).map((job) => `${job.namespace}/${job.name}`);
}

const labelled = z.looseObject({
  metadata: z.looseObject({
    labels: z.record(z.string(), z.string()).prefault({}),
  }),
});

/** Objects of a workload's steps in a state. */
function ownObjects(
  resources: readonly StateResource[],
  workload: string,
  step?: string,
): StateResource[] {
  return resources.filter(({ outputs }) => {
    const labels = labelled.safeParse(outputs).data?.metadata.labels;
    return (
      labels?.[workloadLabel] === workload &&
      (step === undefined || labels[stepLabel] === step)
    );
  });
}

/** Report of a workload's steps: results, ends of logs, and locations of their output. */
async function describeRun(
  stack: string,
  declared: DeclaredWorkload,
): Promise<string> {
  const { resources, config } = await connect(stack);
  const { CoreV1Api, CustomObjectsApi } =
    await import("@kubernetes/client-node");
  const core = config.makeApiClient(CoreV1Api);
  const custom = config.makeApiClient(CustomObjectsApi);
  const parts = await Promise.all(
    declared.steps.map(async ({ name, step }) => {
      const [job] = jobsOf(ownObjects(resources, declared.name, name));
      if (step.kind === "serve")
        return [
          `${jobName(declared.name, name)}: ready`,
          `  open    npm run open -- ${jobName(declared.name, name)}`,
        ];
      if (job === undefined)
        return [`${declared.name} ${name}: runs by submit or by its schedule`];
      const { group, version, namespace } = job;
      const object: unknown = await custom.getNamespacedCustomObject({
        ...{ group, version, namespace, name: job.name },
        plural: jobKinds[job.kind].plural,
      });
      const { state } = jobKinds[job.kind].state(object);
      const { result, log } = await storyOf(core, job, object);
      const written = Object.entries(step.access)
        .filter(([, access]) => access === "write")
        .map(([bucket]) => uriOf(resources, bucket));
      return [
        `${job.name}: ${state}`,
        `  result  ${JSON.stringify(result)}`,
        ...(written.length > 0 ? [`  wrote   to ${written.join(", ")}`] : []),
        `  log     the last lines; all: npm run logs -- ${job.name}`,
        ...log.map((line) => `    ${line}`),
      ];
    }),
  );
  return parts.map((lines) => lines.join("\n")).join("\n\n");
}

/** URI of a bucket, by the outputs of the stack. */
function uriOf(resources: readonly StateResource[], bucket: string): string {
  const { outputs } =
    resources.find(({ type }) => type === "pulumi:pulumi:Stack") ?? {};
  const key = Object.entries(bucketNames).find(
    ([, name]) => name === bucket,
  )?.[0];
  const uri = z
    .looseObject({ buckets: z.record(z.string(), z.string()) })
    .safeParse(outputs).data?.buckets[key ?? ""];
  return uri ?? bucket;
}
