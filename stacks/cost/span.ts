import { monthHours } from "../../infra/prices/bill";
import { money } from "./money";
import { atLeast, type CostSum } from "./sum";

const hour = 3_600_000;

/** What a stack costs over a time, for people. */
export function costOver(sum: CostSum, milliseconds: number): string {
  const share = milliseconds / hour / monthHours;
  return `${atLeast(sum)}${money(sum.floor * share)} USD idle, ${money(sum.ceiling * share)} with every pool at its most`;
}

/** What was spent on a stack at the least, for people: as long as it was there, with every pool at its fewest. */
export function spentOver({ floor }: CostSum, since: Date, now: Date): string {
  const hours = Math.max(0, now.getTime() - since.getTime()) / hour;
  return `spent at least ${money((floor / monthHours) * hours)} USD in ${hours.toFixed(1)} h`;
}
