import { costsOf } from "../../infra";
import type { DeclaredResource } from "../../infra/prices/bill";
import type { StackConfig } from "../config";
import { loadOf } from "./config";
import { type CostSum, sumOf } from "./sum";

/** What the resources of a stack cost a month; undefined on a target of which nothing is paid for by the hour. */
export function stackCost(
  config: Pick<StackConfig, "target" | "usage">,
  resources: readonly DeclaredResource[],
): CostSum | undefined {
  const { target, usage } = config;
  const bill = costsOf(target.kind)?.bill(resources, target);
  return bill && sumOf(bill, loadOf(usage));
}
