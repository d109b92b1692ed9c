import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

import {
  InvalidArgumentError,
  Option,
  type Command,
} from "@commander-js/extra-typings";

import { pluginOf } from "../../infra";
import {
  claimFolder,
  removeOwnedFolder,
} from "../../infra/folders/owned-folder";
import { cacheFolder } from "../../infra/supply/toolchain/tools";
import { benchPreviews } from "./bench/previews";
import { benchStreams, leastEvents } from "./bench/streams";
import { WorkloadBench } from "./bench/workloads";
import { CommandError } from "./cli/command-error";
import { stackFolder } from "./cli/paths";
import { DiskWatch } from "./bench/disk-watch";
import { MemoryWatch } from "./bench/memory-watch";
import { examples, stackOption } from "./cli/options";
import { Pulumi } from "./engine/pulumi";
import type { Report } from "./report/report";
import { readStackFile, stackNames } from "./stack-file/stack-file";
import { CommandJobs } from "./jobs/command-jobs";
import { readState } from "./state/stack-state";

/** Goals on 2 cores and 24 GB; not asserted. */
const goals = {
  upFromNothing: 18 * 60,
  nothingGigabytes: 14,
  upFromBuilt: 40,
  previewNoChange: 3,
  down: 20,
  jobToDriver: 3,
  jobToFirstExecutor: 6,
  jobToCompleted: 12,
  idleGigabytes: 2.5,
  peakGigabytes: 8,
  firstPreview: 4,
  firstPreviewGigabytes: 1.5,
  tests: 60,
} as const;

/** Owner of the caches that a cold run creates. */
const coldOwner = "mlstack bench --cold";

/** Figures by name: what was measured and, where there is one, the goal, and the one over the other. */
type Figures = Record<
  string,
  { readonly measured: number; readonly goal?: number; readonly ratio?: number }
>;

/** Workloads beside those of a cloud stack's file. */
const sizes = [0, 10, 100, 1_000];

/** `bench`: a stack on this machine from nothing to everything and back, or one part of that, as JSON. */
export function define(command: Command): void {
  command
    .addOption(stackOption())
    .option(
      "--cold",
      "start with empty caches: download or build everything into a temporary folder",
    )
    .option(
      "--previews",
      "measure the first previews of the cloud stacks instead",
    )
    .option(
      "--streams",
      "measure the stream `clickstream` of a running stack instead",
    )
    .addOption(
      new Option(
        "--events <count>",
        "with --streams: events of the largest run; smaller runs, of a tenth and less, come first",
      )
        .argParser(eventCount)
        .default(1_000_000),
    )
    .option(
      "--trainings",
      "measure trainings and pipelines of a running stack instead",
    )
    .option(
      "--serving",
      "measure the server of click-stream models of a running stack instead",
    )
    .addHelpText(
      "after",
      examples(
        ["npm run bench", "the stack `local`, from nothing and back"],
        ["npm run bench -- --cold", "half an hour, and 30 GB of the disk"],
        ["npm run bench -- --previews", "with up to 1,000 workloads more"],
        ["npm run bench -- --streams --events 10000000", "some hours"],
      ),
    )
    .action(bench);
}

/** Fewer than the least run are none. */
function eventCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= leastEvents) return count;
  throw new InvalidArgumentError(
    `Write a whole number from ${leastEvents} on, such as 1000000.`,
  );
}

interface Options {
  readonly stack: string;
  readonly cold?: true;
  readonly previews?: true;
  readonly streams?: true;
  readonly events: number;
  readonly trainings?: true;
  readonly serving?: true;
}

async function bench(options: Options): Promise<void> {
  const { stack, cold, previews, streams, events, trainings, serving } =
    options;
  if (previews) return print(await previewFigures(sizes));
  if (streams) {
    const jobs = await CommandJobs.connect(stack);
    return print(await benchStreams(jobs, events));
  }
  if (trainings || serving) {
    const figures: Figures = {};
    const workloads = await WorkloadBench.connect(stack);
    if (trainings) await workloads.trainings(noteIn(figures));
    if (serving) await workloads.serving(noteIn(figures));
    return print(figures);
  }
  if (!readStackFile(stack).embedded) {
    throw new CommandError(
      `--stack: ${JSON.stringify(stack)}: choose one that runs on this machine`,
    );
  }
  const timed = (command: string, ...args: string[]) =>
    timeCommand(command, ["--stack", stack, ...args]);
  const pulumi = await Pulumi.resolve({ stack });
  if (
    (await pulumi.has(stack)) &&
    (await readState(pulumi, stack)).length > 0
  ) {
    throw new CommandError(
      `stack ${stack}: up: take it down first with \`npm run down\`, since the benchmark starts from nothing`,
    );
  }
  const figures: Figures = {};
  const note = noteIn(figures);

  if (cold) {
    const { seconds, gigabytes } = await benchCold(stack);
    note("up, nothing there", seconds, goals.upFromNothing);
    note("disk, peak (GB)", gigabytes, goals.nothingGigabytes);
    return print(figures);
  }
  const memory = new MemoryWatch();
  note("up, everything built", await timed("up"), goals.upFromBuilt);
  note("memory, peak (GB)", memory.stop(), goals.peakGigabytes);
  const report = JSON.parse(
    readFileSync(join(stackFolder(stack), "report.json"), "utf8"),
  ) as Report;
  for (const { name, kind, seconds, startup } of report.workloads) {
    if (kind !== "SparkApplication") continue;
    note(`${name}, applied -> completed`, seconds ?? NaN, goals.jobToCompleted);
    note(
      `${name}, applied -> driver running`,
      startup.driver ?? NaN,
      goals.jobToDriver,
    );
    note(
      `${name}, applied -> first executor running`,
      startup.firstExecutor ?? NaN,
      goals.jobToFirstExecutor,
    );
  }
  const workloads = await WorkloadBench.connect(stack);
  await workloads.trainings(note);
  note("memory, idle (GB)", new MemoryWatch().stop(), goals.idleGigabytes);
  await workloads.serving(note);
  note(
    "preview without changes",
    await timed("preview", "--expect-no-changes"),
    goals.previewNoChange,
  );
  note("down", await timed("down"), goals.down);
  Object.assign(figures, await previewFigures([0]));
  note("npm test", await timeCommand("test", []), goals.tests);
  print(figures);
}

/** A stack up and down with empty caches, which go afterwards. */
async function benchCold(
  stack: string,
): Promise<{ readonly seconds: number; readonly gigabytes: number }> {
  const folder = `${cacheFolder()}-cold-${process.pid}`;
  await claimFolder(folder, coldOwner);
  const env = {
    ...process.env,
    XDG_CACHE_HOME: folder,
    PULUMI_HOME: join(folder, "pulumi"),
  };
  const disk = new DiskWatch(folder);
  try {
    const args = ["--stack", stack];
    const seconds = await timeCommand("up", args, env);
    await timeCommand("down", args, env);
    return { seconds, gigabytes: disk.stop() };
  } finally {
    disk.stop();
    await removeOwnedFolder(folder, coldOwner);
  }
}

async function previewFigures(workloads: readonly number[]): Promise<Figures> {
  const figures: Figures = {};
  const note = noteIn(figures);
  for (const stack of cloudStacks()) {
    for await (const { more, ...preview } of benchPreviews(stack, workloads)) {
      const { resources, seconds, gigabytes } = preview;
      const title = `first preview of ${stack}${more > 0 ? `, ${more} workloads more` : ""}, ${resources} resources`;
      // A workload more should cost what another did.
      const first = more === 0;
      note(`${title} (s)`, seconds, first ? goals.firstPreview : undefined);
      note(
        `${title} (GB)`,
        gigabytes,
        first ? goals.firstPreviewGigabytes : undefined,
      );
    }
  }
  return figures;
}

/** Stacks whose target is of a cloud. */
function cloudStacks(): readonly string[] {
  return stackNames().filter(
    (name) => pluginOf(readStackFile(name).kind) !== undefined,
  );
}

function noteIn(figures: Figures) {
  return (name: string, measured: number, goal?: number) => {
    figures[name] = {
      measured: round(measured),
      ...(goal !== undefined && { goal, ratio: round(measured / goal) }),
    };
  };
}

function print(figures: object): void {
  process.stdout.write(
    `${JSON.stringify(
      {
        cores: cpus().length,
        memoryGigabytes: round(totalmem() / 2 ** 30),
        figures,
      },
      null,
      2,
    )}\n`,
  );
}

/** Seconds that a command of ours takes; what it prints goes to standard error, apart from the figures. */
async function timeCommand(
  command: string,
  args: readonly string[],
  env = process.env,
): Promise<number> {
  const start = performance.now();
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn("npm", ["run", "-s", command, "--", ...args], {
      env,
      stdio: ["ignore", 2, 2],
    });
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0) {
    throw new CommandError(`npm run ${command}: failed with exit code ${code}`);
  }
  return (performance.now() - start) / 1000;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
