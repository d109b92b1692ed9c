import { jobDemand } from "../../components/spark/job-size";
import { trainingDemand } from "../../components/training/job-size";
import { webServiceDemand } from "../../components/serving/web-service-size";
import { amount } from "../../infra/quantity";
import type { Step } from "../schema/step";

/** Total quota demand of a step's pods. */
export function demandOf(step: Step): {
  readonly cores: number;
  readonly bytes: number;
  readonly gpus: number;
} {
  switch (step.kind) {
    case "spark":
      return { ...jobDemand(step.size), gpus: 0 };
    case "pipeline":
      return {
        cores: amount(step.size.cpu),
        bytes: amount(step.size.memory),
        gpus: 0,
      };
    case "job":
      return {
        cores: amount(step.size.cpu),
        bytes: amount(step.size.memory),
        gpus: step.size.gpus,
      };
    case "serve":
      return webServiceDemand(step.size);
    case "pytorch":
    case "tensorflow":
    case "xgboost":
      return trainingDemand(step.size);
  }
}
