import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { Clock } from "./time-left";
import { withLock } from "./lock";
import { PlainError } from "./process";
import type { Step } from "./step";
import { cacheFolder } from "./toolchain/tools";

/** Runs steps and shows how they go. */
export type Progress = (steps: readonly Step[]) => Promise<void>;

/** Milliseconds after which a log that says nothing gets a line of what runs, and how long all will take. */
const SILENCE = 15_000;

/** One line a step, with the time left: redrawn in a terminal; elsewhere printed at start and end and meanwhile. */
export const terminalProgress: Progress = (steps) =>
  showProgress(steps, process.stdout.isTTY, (line) =>
    process.stdout.write(`${line}\n`),
  );

/**
 * Runs steps and shows how they go.
 *
 * @param terminal whether lines are redrawn in place
 * @param write prints a line where none is redrawn
 * @param silence milliseconds without a line after which one is printed
 */
export async function showProgress(
  steps: readonly Step[],
  terminal: boolean,
  write: (line: string) => void,
  silence = SILENCE,
): Promise<void> {
  if (steps.length === 0) return;
  // Loaded when there is something to show: most runs find all in place.
  const { Listr } = await import("listr2");
  const clock = new Clock(steps, CONCURRENCY);
  const titles = new Map(steps.map(({ id, title }) => [id, title]));
  const shown = new Map<string, { title: string }>();
  let printed = Date.now();
  const print = (line: string) => {
    if (terminal) return;
    write(line);
    printed = Date.now();
  };
  const describe = (id: string) =>
    `${titles.get(id) ?? id} (${clock.timeOf(id)} so far, ${clock.timeLeft()})`;
  const ticker = setInterval(
    () => {
      const running = clock.running().map(({ id }) => id);
      for (const id of running) {
        const task = shown.get(id);
        if (task) task.title = describe(id);
      }
      if (running.length > 0 && Date.now() - printed >= silence)
        print(`\u2026 ${running.map(describe).join("; ")}`);
    },
    Math.min(silence, 3000),
  );
  await runSteps(steps, async (run) => {
    const list = new Listr(
      steps.map((step) => ({
        title: step.title,
        task: async (_: unknown, task: { title: string }) => {
          await run(step, () => {
            clock.start(step.id);
            shown.set(step.id, task);
            task.title = `${step.title} (${clock.timeLeft()})`;
            print(task.title);
          });
          clock.finish(step.id);
          shown.delete(step.id);
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
  }).finally(() => clearInterval(ticker));
}

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
        failure ??= failureOf(step, error, log);
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

/** Says which step failed, why, and where its log is. */
function failureOf({ title }: Step, error: unknown, log: string): PlainError {
  const message = error instanceof Error ? error.message : String(error);
  return new PlainError(
    existsSync(log) && !message.includes(log)
      ? `${title}: ${message}\nThe whole log: ${log}`
      : `${title}: ${message}`,
  );
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

/** Runs `use` while no other process works on this cache; a second one waits. */
export async function withCacheLock<T>(
  use: () => Promise<T>,
  onWait: () => void = () => undefined,
): Promise<T> {
  return withLock("cache", cacheFolder(), use, onWait);
}
