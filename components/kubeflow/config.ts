import { z } from "zod";

import type { Problem } from "../../infra/problem";

/** Which parts of Kubeflow a stack has, and where their manifests come from. */
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
        "InferenceServices, which a model is served by where the stack has them",
      ),
    pipelines: z
      .boolean()
      .default(false)
      .describe(
        "Pipelines, in the mode that keeps pipelines as Kubernetes objects; for one team alone, since its API has no login",
      ),
    notebooks: z
      .boolean()
      .default(false)
      .describe("Notebook servers as Kubeflow's own kind"),
    notebookIdleMinutes: z
      .number()
      .int()
      .min(1)
      .default(1440)
      .describe(
        "Minutes after which a notebook server is stopped whose kernels do nothing; its home stays",
      ),
    profiles: z
      .boolean()
      .default(false)
      .describe(
        "Namespaces of people and teams; brings Istio, whose policies it writes",
      ),
    dashboard: z
      .boolean()
      .default(false)
      .describe("The central dashboard; it asks the profiles who may see what"),
  })
  .refine(({ dashboard, profiles }) => profiles || !dashboard, {
    path: ["dashboard"],
    message: "set profiles to true as well, which it asks who may see what",
  })
  .prefault({});

/** Which parts of Kubeflow a stack has. */
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
