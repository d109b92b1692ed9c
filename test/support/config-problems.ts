import { ConfigError, parseConfig } from "../../stacks/config";

/** Problems with the values of a stack's file, one per line; empty for a valid one. */
export function configProblems(
  values: Readonly<Record<string, unknown>>,
): string[] {
  try {
    parseConfig(values, "test");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}
