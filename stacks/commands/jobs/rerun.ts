import { CommandError } from "../cli/command-error";
import type { Pulumi } from "../engine/pulumi";
import {
  kubeconfigOf,
  readState,
  type StateResource,
} from "../state/stack-state";
import { jobsOf, type StateJob } from "./awaited-jobs";
import { readUnfinished } from "./unfinished-jobs";
import type { WorkloadReport } from "./workload-report";

/** Keyword for every failed job, in place of a name. */
const allFailed = "failed";

/** {@link rerunArguments} of a stack, by its state and its cluster. */
export async function readRerun(
  pulumi: Pulumi,
  stack: string,
  asked: readonly string[],
): Promise<readonly string[]> {
  const resources = await readState(pulumi, stack);
  const kubeconfig = kubeconfigOf(resources);
  const unfinished =
    kubeconfig === undefined ? [] : await readUnfinished(kubeconfig, resources);
  return rerunArguments(resources, asked, unfinished);
}

/**
 * Arguments of `pulumi up` that run jobs again: the object of each is replaced, and with it its end and whatever
 * depends on its result.
 *
 * @param resources of the stack's state
 * @param asked names of jobs, as the report has them, `NAMESPACE/NAME` where two share one, or `failed`
 * @param unfinished jobs whose end the state does not have, as the cluster reports them
 * @throws {CommandError} on a name that no job has, with those that there are
 */
export function rerunArguments(
  resources: readonly StateResource[],
  asked: readonly string[],
  unfinished: readonly WorkloadReport[],
): readonly string[] {
  const jobs = jobsOf(resources);
  const failed = new Set(unfinished.filter((each) => each.failed).map(nameOf));
  const chosen = asked.flatMap((name) =>
    name === allFailed
      ? jobs.filter((job) => failed.has(nameOf(job)))
      : [jobNamed(name, jobs)],
  );
  return [...new Set(chosen.flatMap(({ urns }) => urns))].flatMap((urn) => [
    "--replace",
    urn,
  ]);
}

function jobNamed(name: string, jobs: readonly StateJob[]): StateJob {
  const found = jobs.filter((job) => job.name === name || nameOf(job) === name);
  const [job] = found;
  if (!job) {
    const names = jobs.map((each) => each.name).sort();
    throw new CommandError(
      `--rerun ${name}: the stack has no such job; write ${[...names, allFailed].join(", ")}`,
    );
  }
  if (found.length > 1) {
    throw new CommandError(
      `--rerun ${name}: several jobs have that name; write ${found.map(nameOf).join(" or ")}`,
    );
  }
  return job;
}

function nameOf(job: { readonly namespace: string; readonly name: string }) {
  return `${job.namespace}/${job.name}`;
}

/** The line that runs the failed jobs of a stack again; undefined where none has failed. */
export function rerunLine(
  stack: string,
  workloads: readonly WorkloadReport[],
): string | undefined {
  if (!workloads.some(({ failed }) => failed)) return undefined;
  const option = stack === "local" ? "" : ` --stack ${stack}`;
  return `npm run up --${option} --rerun ${allFailed}`;
}
