import { costsOf } from "../../infra";
import type { DeclaredResource } from "../../infra/prices/bill";
import type { StackConfig } from "../config";
import { loadOf } from "./config";
import { type CostSum, sumOf } from "./sum";

/** Monthly cost of a stack's resources; undefined on a target where nothing is billed by the hour. */
export function stackCost(
  config: Pick<StackConfig, "target" | "usage">,
  resources: readonly DeclaredResource[],
): CostSum | undefined {
  const { target, usage } = config;
  const bill = costsOf(target.kind)?.bill(resources, target);
  return bill && sumOf(bill, loadOf(usage));
}
