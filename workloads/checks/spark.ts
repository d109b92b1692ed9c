import { isRefusedSetting } from "../../components/admission/spark-applications";
import type { Report } from "./report";
import type { StepOf } from "../schema/step";

/** Settings of a Spark job that the cluster refuses, and executors that contradict each other. */
export function checkSpark(
  { conf, size: { executor } }: StepOf<"spark">,
  report: Report,
): void {
  for (const key of Object.keys(conf)) {
    if (isRefusedSetting(key))
      report(
        ["conf", key],
        key,
        "the cluster does not admit this setting in a team's job; leave it out",
      );
  }
  if (executor === "none" || executor.max === undefined) return;
  if (executor.max < executor.instances)
    report(
      ["size", "executor", "max"],
      executor.max,
      `it has ${executor.instances} at least; write more, or leave it out`,
    );
}
