import { ConfigError, parseConfig } from "../../stacks/config";

/** What is wrong with the values of a stack's file, a line each; nothing where they can be used. */
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
