import type * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../infra/platform";
import { CertManager } from "./cert-manager";
import { KServe } from "../serving/kserve";
import { manifestReader } from "../manifests/kustomization";
import { hasKubeflow, Kubeflow } from "../kubeflow";
import type { KubeflowConfig } from "../kubeflow/config";
import { SparkOperator } from "../spark/operator";
import { TrainingOperator } from "../training/operator";

/** Operators that workloads stand on. */
export interface Operators {
  readonly sparkOperator: SparkOperator;
  /** The training operator; resources to create before a PyTorch, TensorFlow or XGBoost training. */
  readonly trainingOperator?: pulumi.Input<pulumi.Resource[]>;
  /** KServe, where the stack has it; resources to create before an InferenceService. */
  readonly kserve?: pulumi.Input<pulumi.Resource[]>;
  /** Kubeflow Pipelines, where the stack has it; resources to create before a pipeline. */
  readonly pipelines?: pulumi.Input<pulumi.Resource[]>;
  /** Profiles, where the stack has them; resources to create before a team's Profile. */
  readonly profiles?: pulumi.Input<pulumi.Resource[]>;
  /** The notebook controller, where the stack has it; resources to create before a Notebook. */
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
