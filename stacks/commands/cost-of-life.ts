import { costOver } from "../cost/span";
import { costOf } from "./cost-of-stack";
import { readStackConfig } from "./stack-config";

/** What a short-lived stack costs while it lives, for people. @param ttl milliseconds */
export async function costOfLife(stack: string, ttl: number): Promise<string> {
  return costOver(await costOf(readStackConfig(stack)), ttl);
}
