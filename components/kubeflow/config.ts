import { z } from "zod";

/** Which parts of Kubeflow a stack has, and where their manifests come from. */
export const kubeflowSchema = z
  .strictObject({
    /**
     * Mirror of the public repositories: a folder, or a folder of a git repository, with each of them as
     * `<repository>-<tag>`, and in a folder beside them the charts as `<chart>-<version>.tgz`; the public sources
     * unless given.
     */
    source: z.string().min(1).optional(),
    /** TFJobs, PyTorchJobs and XGBoostJobs. */
    trainingOperator: z.boolean().default(false),
    /** InferenceServices, which a model is served by where the stack has them. */
    kserve: z.boolean().default(false),
    /** Pipelines, in the mode that keeps pipelines as Kubernetes objects. */
    pipelines: z.boolean().default(false),
    notebooks: z.boolean().default(false),
    /** Minutes after which a notebook server is stopped whose kernels do nothing; its home stays. */
    notebookIdleMinutes: z.number().int().min(1).default(1440),
    /** Namespaces of people and teams; brings Istio, whose policies it writes. */
    profiles: z.boolean().default(false),
    /** The central dashboard; it asks the profiles who may see what. */
    dashboard: z.boolean().default(false),
  })
  .refine(({ dashboard, profiles }) => profiles || !dashboard, {
    path: ["dashboard"],
    message: "set profiles to true as well, which it asks who may see what",
  })
  .prefault({});

/** Which parts of Kubeflow a stack has. */
export type KubeflowConfig = z.output<typeof kubeflowSchema>;
