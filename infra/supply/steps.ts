import { mkdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import { withLock } from "./lock";
import { PlainError } from "./process";
import { cacheFolder } from "./toolchain/tools";

/** One thing to build or to fetch. */
export interface Step {
  /** Unique; names the log file. */
  readonly id: string;
  /** One line for people. */
  readonly title: string;
  /** What it takes on two cores, cold; the time left is estimated from it. */
  readonly minutes: number;
  /** What it takes on the disk of the cache; as much as a build unless given. */
  readonly gibibytes?: number;
  /** Steps that must be done before; one that is not in the list is done already. They stand earlier in the list. */
  readonly after?: readonly string[];
  run(context: StepContext): Promise<void>;
}

/** What a step is given. */
export interface StepContext {
  /** Log file of the step, empty at its start. */
  readonly log: string;
  /** Aborts when the run is interrupted or another step fails. */
  readonly signal: AbortSignal;
}

/** Runs steps and shows how they go. */
export type Progress = (steps: readonly Step[]) => Promise<void>;

/** One line a step, with the time left: redrawn in a terminal, printed at start and end elsewhere. */
export const terminalProgress: Progress = async (steps) => {
  if (steps.length === 0) return;
  // Loaded when there is something to show: most runs find all in place.
  const { Listr } = await import("listr2");
  const clock = new Clock(steps);
  const terminal = process.stdout.isTTY;
  const print = (line: string) => {
    if (!terminal) process.stdout.write(`${line}\n`);
  };
  await runSteps(steps, async (run) => {
    const list = new Listr(
      steps.map((step) => ({
        title: step.title,
        task: async (_: unknown, task: { title: string }) => {
          await run(step, () => {
            clock.start(step.id);
            task.title = `${step.title} (${clock.timeLeft()})`;
            print(task.title);
          });
          clock.finish(step.id);
          task.title = `${step.title} (${clock.timeOf(step.id)})`;
          print(`\u2714 ${task.title}`);
        },
      })),
      {
        concurrent: CONCURRENCY,
        exitOnError: true,
        registerSignalListeners: false,
        renderer: terminal ? "default" : "silent",
        rendererOptions: { showErrorMessage: false },
      },
    );
    await list.run();
  });
};

/** Runs steps without a word. */
export const silentProgress: Progress = async (steps) => {
  if (steps.length === 0) return;
  await runSteps(steps, async (run) => {
    const queue = [...steps];
    const lane = async () => {
      for (let step = queue.shift(); step; step = queue.shift())
        await run(step, () => undefined);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  });
};

/** Two lanes: while one waits for the network, the other compiles, with all cores by itself. */
const CONCURRENCY = 2;

type RunStep = (step: Step, onStart: () => void) => Promise<void>;

/** Orders the steps that `drive` runs, and ends those that are running at a failure or an interruption. */
async function runSteps(
  steps: readonly Step[],
  drive: (run: RunStep) => Promise<void>,
): Promise<void> {
  checkOrder(steps);
  const abort = new AbortController();
  let interruptedBy: NodeJS.Signals | undefined;
  let failure: Error | undefined;
  const interrupt = (name: NodeJS.Signals) => {
    interruptedBy = name;
    abort.abort();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, interrupt);
  const done = new Map<string, PromiseWithSettlers>(
    steps.map(({ id }) => [id, withSettlers()]),
  );
  const running = new Set<Promise<void>>();
  try {
    await drive(async (step, onStart) => {
      for (const id of step.after ?? []) await done.get(id)?.promise;
      abort.signal.throwIfAborted();
      onStart();
      const log = join(cacheFolder(), "logs", `${step.id}.log`);
      mkdirSync(join(cacheFolder(), "logs"), { recursive: true });
      rmSync(log, { force: true });
      const work = step.run({ log, signal: abort.signal });
      running.add(work);
      try {
        await work;
        done.get(step.id)?.resolve();
      } catch (error) {
        failure ??= new PlainError(
          `${step.title}: ${error instanceof Error ? error.message : String(error)}`,
        );
        abort.abort();
        throw error;
      }
    });
  } catch (error) {
    await Promise.allSettled(running);
    if (interruptedBy)
      throw new PlainError(
        `Interrupted by ${interruptedBy}; the same command goes on where it stopped`,
      );
    throw failure ?? error;
  } finally {
    for (const name of signals) process.off(name, interrupt);
  }
}

interface PromiseWithSettlers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function withSettlers(): PromiseWithSettlers {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Lanes take steps in the order of the list, so a step that waits for a later one would wait for ever. */
function checkOrder(steps: readonly Step[]): void {
  const position = new Map(steps.map(({ id }, index) => [id, index]));
  steps.forEach(({ id, after = [] }, index) => {
    if (position.get(id) !== index)
      throw new Error(`Two steps are named ${id}`);
    for (const before of after) {
      // One that is not in the list is done already.
      if ((position.get(before) ?? -1) >= index)
        throw new Error(`Step ${id} stands before ${before}, which it needs`);
    }
  });
}

/** Estimates the time left from each step's usual minutes and the pace so far. */
export class Clock {
  private readonly started = new Map<string, number>();
  private readonly finished = new Map<string, number>();
  private readonly begin: number;

  constructor(
    private readonly steps: readonly Pick<Step, "id" | "minutes">[],
    private readonly now: () => number = Date.now,
  ) {
    this.begin = now();
  }

  start(id: string): void {
    this.started.set(id, this.now());
  }

  finish(id: string): void {
    this.finished.set(id, this.now());
  }

  /** How long a finished step took, in words. */
  timeOf(id: string): string {
    const start = this.started.get(id) ?? this.begin;
    return formatDuration(
      ((this.finished.get(id) ?? this.now()) - start) / 1000,
    );
  }

  /** Minutes until all steps are done. */
  minutesLeft(): number {
    let done = 0;
    let left = 0;
    for (const { id, minutes } of this.steps) {
      const start = this.started.get(id);
      if (this.finished.has(id)) done += minutes;
      else if (start === undefined) left += minutes;
      else {
        // A step that runs past its usual time is thought nearly done, never done.
        const elapsed = (this.now() - start) / 60_000;
        const part = Math.min(0.95, elapsed / minutes);
        done += minutes * part;
        left += minutes * (1 - part);
      }
    }
    const elapsed = (this.now() - this.begin) / 60_000;
    const cores = Math.min(2, availableParallelism()) / 2;
    // Too little is known at first; the table's minutes are those of two cores.
    const pace = done < 1 || elapsed < 0.5 ? 1 / cores : elapsed / done;
    return left * pace;
  }

  /** The same in words. */
  timeLeft(): string {
    const minutes = this.minutesLeft();
    return minutes < 1
      ? "less than a minute left"
      : `about ${Math.round(minutes)} min left`;
  }
}

/** `75` as `1m15s`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60
    ? `${whole}s`
    : `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
}

/** Runs `use` while no other process works on this cache; a second one waits. */
export async function withCacheLock<T>(
  use: () => Promise<T>,
  onWait: () => void = () => undefined,
): Promise<T> {
  return withLock("cache", cacheFolder(), use, onWait);
}
