import { costOver } from "../../cost/span";
import { sumOfStack } from "./stack-file-cost";
import { readStackConfig } from "../stack-file/stack-config";

/**
 * What a short-lived stack costs while it lives, for people; undefined where nothing of it has a price.
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
