import * as pulumi from "@pulumi/pulumi";

import {
  submitTraining,
  TrainingJob,
  type TrainingFramework,
} from "../../components/training/job";
import type { StepOf } from "../schema/step";
import type { Runner } from "./runner";

/** A training on one or more replicas, through the training operator. */
export function training(
  framework: TrainingFramework,
): Runner<StepOf<TrainingFramework>> {
  return (name, { step, trainingOperator, after, ...args }, opts) => {
    const { command, size, retries, sharedMemory } = step;
    const run = {
      ...args,
      ...{ framework, command, size, retries, sharedMemory },
      after: pulumi
        .output(trainingOperator ?? [])
        .apply((operator) => [...operator, ...after]),
    };
    if (step.wait) return new TrainingJob(name, run, opts).end;
    submitTraining(name, run, opts);
    return undefined;
  };
}
