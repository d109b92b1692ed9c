import { z } from "zod";

/** Which parts of Kubeflow a stack has, and where their manifests come from. */
export const kubeflowSchema = z
  .strictObject({
    /**
     * Mirror of the public repositories: a folder, or a folder of a git repository, with each of them as
     * `<repository>-<tag>`; GitHub unless given.
     */
    source: z.string().min(1).optional(),
    /** TFJobs, PyTorchJobs and XGBoostJobs. */
    trainingOperator: z.boolean().default(false),
  })
  .prefault({});

/** Which parts of Kubeflow a stack has. */
export type KubeflowConfig = z.output<typeof kubeflowSchema>;
