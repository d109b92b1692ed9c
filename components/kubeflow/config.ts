import { z } from "zod";

import type { Problem } from "../../infra/problem";

/** Parts of Kubeflow that a stack has, and the source of their manifests. */
export const kubeflowSchema = z
  .strictObject({
    source: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Mirror of the public repositories: a folder, or a folder of a git repository, with each of them as `<repository>-<tag>`, and in a folder beside them the charts as `<chart>-<version>.tgz`; the public sources unless given",
      ),
    trainingOperator: z
      .boolean()
      .default(false)
      .describe("TFJobs, PyTorchJobs and XGBoostJobs"),
    kserve: z
      .boolean()
      .default(false)
      .describe(
        "InferenceServices; with them, steps of kind serve are served by KServe",
      ),
    pipelines: z
      .boolean()
      .default(false)
      .describe(
        "Kubeflow Pipelines, in the mode that stores pipelines as Kubernetes objects; for one team only, since its API has no authentication",
      ),
    notebooks: z
      .boolean()
      .default(false)
      .describe("Notebook servers as Kubeflow's Notebooks"),
    notebookIdleMinutes: z
      .number()
      .int()
      .min(1)
      .default(1440)
      .describe(
        "Minutes after which a notebook server with idle kernels is stopped; its home is kept",
      ),
    profiles: z
      .boolean()
      .default(false)
      .describe(
        "Kubeflow's Profiles as namespaces of teams; installs Istio, whose policies it writes",
      ),
    dashboard: z
      .boolean()
      .default(false)
      .describe("The central dashboard, with access by the profiles"),
  })
  .refine(({ dashboard, profiles }) => profiles || !dashboard, {
    path: ["dashboard"],
    message: "set profiles to true as well, which it asks who may see what",
  })
  .prefault({});

/** Parts of Kubeflow that a stack has. */
export type KubeflowConfig = z.output<typeof kubeflowSchema>;

/**
 * Kubeflow Pipelines beside more than one team: as it is installed here, without its multi-user mode, its API has no
 * login, and its steps run under any account of its own namespace, with the rights and the data of every team's steps.
 */
export function checkPipelineTeams(
  { pipelines }: KubeflowConfig,
  teams: readonly { readonly name: string }[],
): readonly Problem[] {
  if (!pipelines || teams.length < 2) return [];
  const names = teams.map(({ name }) => name).join(", ");
  return [
    {
      path: "kubeflow.pipelines",
      value: true,
      remedy: `its API has no login, so that each of the teams ${names} would run steps with the rights of the others; leave one team, or write false: pipelines then run in Jobs of their teams`,
    },
  ];
}
