import { monthHours } from "../../infra/prices/bill";
import { money } from "./money";
import { atLeast, type CostSum } from "./sum";

const hour = 3_600_000;

/** Cost of a stack over a time, as text. */
export function costOver(sum: CostSum, milliseconds: number): string {
  const share = milliseconds / hour / monthHours;
  return `${atLeast(sum)}${money(sum.floor * share)} USD idle, ${money(sum.ceiling * share)} with every pool at its most`;
}

/** Least spending on a stack as text: for its lifetime, with every pool at its minimum. */
export function spentOver({ floor }: CostSum, since: Date, now: Date): string {
  const hours = Math.max(0, now.getTime() - since.getTime()) / hour;
  return `spent at least ${money((floor / monthHours) * hours)} USD in ${hours.toFixed(1)} h`;
}
