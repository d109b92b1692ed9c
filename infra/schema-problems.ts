import { z } from "zod";

import type { Problem } from "./problem";

/** `steps.a.args[0]` from keys. */
export function writtenPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number"
        ? `${text}[${part}]`
        : text + (text === "" ? "" : ".") + String(part),
    "",
  );
}

/** Options of the parse of a file that a person wrote, whose issues {@link schemaProblems} puts into words. */
export const userInputParse = {
  /** An issue has the value that it refuses. */
  reportInput: true,
  /** An unknown key is answered with the keys that its section has. */
  error: (issue) =>
    issue.code === "unrecognized_keys"
      ? `no such key; choose one of ${keysOf(issue.inst).join(", ")}`
      : undefined,
} as const satisfies z.core.ParseContext<z.core.$ZodIssue>;

function keysOf(section: unknown): string[] {
  if (section instanceof z.ZodObject)
    return Object.keys(section.shape as object);
  return section instanceof z.ZodRecord
    ? [...(section.keyType._zod.values ?? [])].map(String)
    : [];
}

/**
 * Problems from a schema's issue, one per line.
 *
 * @param shown what a line may show of the value at a path, which may be a secret
 * @param at where a key stands, as a line names it
 */
export function schemaProblems(
  issue: z.core.$ZodIssue,
  shown: (path: readonly PropertyKey[], value: unknown) => unknown,
  at: (path: readonly PropertyKey[]) => string = writtenPath,
): Problem[] {
  const path = at(issue.path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: at([...issue.path, key]),
        value: key,
        remedy: issue.message,
      }));
    case "invalid_union":
      // A union that says itself what may stand there: its branches would each refuse it for reasons of their own.
      if (
        issue.message !== "Invalid input" &&
        issue.discriminator === undefined
      )
        return [
          {
            path,
            value: shown(issue.path, issue.input),
            remedy: issue.message,
          },
        ];
      return issue.discriminator === undefined
        ? issue.errors.flat().flatMap((each) => schemaProblems(each, shown, at))
        : [
            {
              path,
              value: shown(
                issue.path,
                discriminant(issue.input, issue.discriminator),
              ),
              remedy: `choose one of ${("options" in issue && issue.options ? issue.options : []).join(", ")}`,
            },
          ];
    case "invalid_value":
      return [
        {
          path,
          value: shown(issue.path, issue.input),
          remedy: `choose one of ${issue.values.join(", ")}`,
        },
      ];
    case "too_small":
    case "too_big":
      return [
        {
          path,
          value: shown(issue.path, issue.input),
          remedy: limitOf(issue) ?? issue.message,
        },
      ];
    case "invalid_type":
      return [
        {
          path,
          value: shown(issue.path, issue.input),
          remedy: `${issue.input === undefined ? "set" : "write"} ${inWords(issue.expected)}`,
        },
      ];
    case "invalid_key":
      return [
        {
          path,
          value: String(issue.path.at(-1)),
          remedy: issue.issues[0]?.message ?? issue.message,
        },
      ];
    default:
      return [
        {
          path,
          value: shown(issue.path, issue.input),
          remedy: issue.message,
        },
      ];
  }
}

/** Types in the words of somebody who writes YAML; the others are the schema's own. */
const typesInWords: Readonly<Record<string, string>> = {
  array: "a list: lines that begin with a dash",
  object: "a section: lines of KEY: VALUE",
  record: "a section: lines of KEY: VALUE",
  string: "text",
  int: "a whole number",
  boolean: "true or false",
};

function inWords(type: string): string {
  return typesInWords[type] ?? (/^[aeiou]/.test(type) ? "an " : "a ") + type;
}

function discriminant(input: unknown, key: string): unknown {
  return typeof input === "object" && input !== null && key in input
    ? Reflect.get(input, key)
    : undefined;
}

/** The limit of a number in words, where its schema has none of its own. */
function limitOf(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
): string | undefined {
  const numeric = ["number", "int", "bigint"].includes(issue.origin);
  if (!numeric || !/^Too (small|big): /.test(issue.message)) return undefined;
  if (issue.code === "too_small")
    return issue.inclusive === false
      ? `write more than ${issue.minimum}`
      : `write ${issue.minimum} or more`;
  return issue.inclusive === false
    ? `write less than ${issue.maximum}`
    : `write ${issue.maximum} or less`;
}
