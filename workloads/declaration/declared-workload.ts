import type { Step } from "../schema/step";
import type { Workload } from "../schema/workload";

/** A step as it runs: everything that it names is there. */
export interface DeclaredStep {
  readonly name: string;
  readonly step: Step;
  /** Pool of its pods, or of a Spark job's driver. */
  readonly pool: string;
  /** Pool of a Spark job's executors, where it is another. */
  readonly executorPool?: string;
  /** Steps that end before it begins. */
  readonly after: readonly string[];
  /** Steps whose SparkApplications it submits. */
  readonly sparkJobs: readonly string[];
}

/** A workload of a folder, checked and complete. */
export interface DeclaredWorkload {
  readonly name: string;
  readonly team: string;
  /** Path of the folder, from the root of the project. */
  readonly folder: string;
  /** Values of the inputs that are set. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Paths of the inputs that are files of this machine, relative to the root of the project. */
  readonly files: Readonly<Record<string, string>>;
  readonly declaredInputs: Workload["inputs"];
  /** Steps of the workload that the stack includes, each after the steps it depends on. */
  readonly steps: readonly DeclaredStep[];
}

/** Name of a step's object. */
export function jobName(workload: string, step: string): string {
  return `${workload}-${step}`;
}
