import { costOver } from "../../cost/span";
import { sumOfStack } from "./stack-file-cost";
import { readStackConfig } from "../stack-file/stack-config";

/**
 * Cost of a short-lived stack over its lifetime, as text; undefined where nothing in it has a price.
 *
 * @param ttl milliseconds
 */
export async function costOfLife(
  stack: string,
  ttl: number,
): Promise<string | undefined> {
  const sum = await sumOfStack(readStackConfig(stack));
  return sum && sum.lines.length > 0 ? costOver(sum, ttl) : undefined;
}
