import { costsOf, nodeSize } from "../../../infra";
import type { DeclaredWorkload } from "../../../workloads/declaration/declared-workload";
import {
  cheapestRun,
  jobsOf,
  type RunCost,
  type RunTimes,
} from "../../cost/job";
import { runMoney, runMoneySpan } from "../../cost/money";
import { CommandError } from "../cli/command-error";
import { type ReadableStack } from "../stack-file/stack-config";
import { table } from "../cli/table";

/** A job of a workload on one stack: what a run costs, or why it cannot run there. */
interface Offer {
  readonly job: string;
  readonly stack: string;
  readonly run: RunCost | string;
}

/** Cost of each job of a workload on each stack. @throws {CommandError} when there is no such workload */
export function offersOf(
  name: string,
  declaring: ReadableStack,
  stacks: readonly ReadableStack[],
  times: RunTimes,
): Offer[] {
  const { declared } = declaring.config;
  const workloads: Readonly<Record<string, unknown>> = Object.fromEntries(
    declared.map((own) => [own.name, sizesOf(own)]),
  );
  const jobs = jobsOf(workloads[name]);
  if (jobs.length === 0) {
    const named = Object.keys(workloads).filter(
      (each) => jobsOf(workloads[each]).length > 0,
    );
    throw new CommandError(
      `--workload: ${JSON.stringify(name)}: stack ${declaring.stack} declares no jobs of that name; choose one of ${named.join(", ")}`,
    );
  }
  return jobs.flatMap((job) =>
    stacks.map(({ stack, config }): Offer => {
      const { target, pools } = config;
      const costs = costsOf(target.kind);
      const priced = pools.map((pool) => ({
        pool,
        size: nodeSize(target.kind, pool),
        hour: costs?.nodeHour(pool, target),
      }));
      return { job: job.name, stack, run: cheapestRun(job, priced, times) };
    }),
  );
}

/** Sizes of a folder's steps by their names, in the form that a stack's file has. */
function sizesOf({
  steps,
}: DeclaredWorkload): Readonly<Record<string, object>> {
  return Object.fromEntries(
    // A server runs all the time, so that it has no cost per run.
    steps
      .filter(({ step }) => step.kind !== "serve")
      .map(({ name, step }) => [
        name,
        step.kind === "job" || step.kind === "pipeline"
          ? { ...step.size, workers: 0 }
          : step.size,
      ]),
  );
}

/** Offers for people, with the cheapest of each job marked. */
export function describeOffers(
  name: string,
  offers: readonly Offer[],
  { seconds, nodeStart, scaleDownDelay }: RunTimes,
): string {
  const jobs = [...new Set(offers.map(({ job }) => job))];
  const rows = jobs.flatMap((job) => {
    const own = offers.filter((offer) => offer.job === job);
    const prices = own.flatMap(({ run }) =>
      typeof run === "string" ? [] : [run.high],
    );
    const least = Math.min(...prices);
    return own.map(({ stack, run }) =>
      typeof run === "string"
        ? [job, stack, run]
        : [
            ...[job, stack, `${run.nodes} of ${run.pool}`],
            ...[runMoneySpan(run), runMoney(run.idle), `${run.start} s`],
            run.high === least ? "cheapest" : "",
          ],
    );
  });
  return [
    `workload ${name}: US dollars of a run of ${seconds} s (--seconds), with ${nodeStart} s until a new node takes pods and`,
    `${scaleDownDelay} s before an idle one goes (--scale-down-delay)`,
    "",
    table(["JOB", "STACK", "NODES", "USD", "OF IT IDLE", "START", ""], rows),
  ].join("\n");
}
