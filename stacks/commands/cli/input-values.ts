import { CommandError } from "./command-error";

/** `--set NAME=VALUE` of a command, by name. @throws {CommandError} on one without a name or a value */
export function inputValues(
  settings: readonly string[] = [],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf("=");
      if (at < 1)
        throw new CommandError(
          `--set: ${JSON.stringify(setting)}: write NAME=VALUE`,
        );
      return [setting.slice(0, at), setting.slice(at + 1)];
    }),
  );
}
