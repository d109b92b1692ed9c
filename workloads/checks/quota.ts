import type { TeamQuota } from "../../components/teams/quota";
import { amount } from "../../infra/quantity";
import type { DeclaredStep } from "../declaration/declared-workload";
import type { Report } from "./report";
import { demandOf } from "./step-demand";

/** Problem of a step that requests more than its team's quota, together with the Spark jobs that it waits for. */
export function checkQuota(
  { step, sparkJobs }: DeclaredStep,
  steps: readonly DeclaredStep[],
  quota: TeamQuota,
  report: Report,
): void {
  const beside = steps.filter((each) => sparkJobs.includes(each.name));
  const asked = [step, ...beside.map((each) => each.step)].map(demandOf);
  const total = (of: (demand: ReturnType<typeof demandOf>) => number) =>
    asked.reduce((sum, demand) => sum + of(demand), 0);
  const cores = total((demand) => demand.cores);
  const bytes = total((demand) => demand.bytes);
  const gpus = total((demand) => demand.gpus);
  const path = ["size"];
  const fit = (most: string) =>
    `the team's quota is ${most}; ask for less, or raise it`;
  if (cores > amount(quota.cpu))
    report(path, `${cores} cores`, fit(`${quota.cpu} cores`));
  if (bytes > amount(quota.memory))
    report(
      path,
      `${(bytes / 2 ** 30).toFixed(1)}Gi of memory`,
      fit(quota.memory),
    );
  if (gpus > quota.gpus)
    report(path, `${gpus} GPUs`, fit(`${quota.gpus} GPUs`));
}
