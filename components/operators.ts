import type * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../infra/platform";
import { CertManager } from "./cert-manager";
import { KServe } from "./kserve";
import { manifestReader } from "./kustomization";
import { hasKubeflow, Kubeflow } from "./kubeflow";
import type { KubeflowConfig } from "./kubeflow/config";
import { SparkOperator } from "./spark-operator";
import { TrainingOperator } from "./training-operator";

/** Operators that workloads stand on. */
export interface Operators {
  readonly sparkOperator: SparkOperator;
  /** What must be there before a training of PyTorch, TensorFlow or XGBoost, where the stack has it. */
  readonly trainingOperator?: pulumi.Input<pulumi.Resource[]>;
  /** What must be there before an InferenceService, where the stack has KServe. */
  readonly kserve?: pulumi.Input<pulumi.Resource[]>;
  /** What must be there before a pipeline on Kubeflow, where the stack has it. */
  readonly pipelines?: pulumi.Input<pulumi.Resource[]>;
  /** What must be there before a team as a Profile, where the stack has them. */
  readonly profiles?: pulumi.Input<pulumi.Resource[]>;
  /** What must be there before a notebook as a Notebook, where the stack has them. */
  readonly notebookController?: pulumi.Input<pulumi.Resource[]>;
}

/** Installs cert-manager, the Spark operator, and what of Kubeflow the stack asks for. */
export function installOperators(
  platform: Platform,
  kubeflow: KubeflowConfig,
): Operators {
  const certManager = new CertManager("cert-manager", { platform }).installed;
  const sparkOperator = new SparkOperator("spark-operator", { platform });
  if (!readsManifests(kubeflow)) return { sparkOperator };
  const { source } = kubeflow;
  // One for all parts: the engine starts a process for each provider.
  const reader = manifestReader("manifests", { parent: platform.provider });
  const trainingOperator = kubeflow.trainingOperator
    ? new TrainingOperator("training-operator", { platform, reader, source })
        .installed
    : undefined;
  const kserve = kubeflow.kserve
    ? new KServe("kserve", { platform, reader, certManager, source }).installed
    : undefined;
  const parts = hasKubeflow(kubeflow)
    ? new Kubeflow("kubeflow", {
        platform,
        reader,
        config: kubeflow,
        certManager,
        trainingOperator,
      }).installed
    : {};
  return {
    sparkOperator,
    trainingOperator,
    kserve,
    pipelines: parts.pipelines,
    profiles: parts.profiles,
    notebookController: parts.notebooks,
  };
}

/** Whether a stack has a part whose manifests or chart are read object by object. */
function readsManifests(kubeflow: KubeflowConfig): boolean {
  return kubeflow.trainingOperator || kubeflow.kserve || hasKubeflow(kubeflow);
}
