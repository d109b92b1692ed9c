import { readFileSync } from "node:fs";

import { LineCounter, parseDocument } from "yaml";

import type { Problem } from "../../infra/problem";

/** A folder's declaration as it is written; or why it cannot be read. */
export type WrittenDeclaration =
  | { readonly value: Readonly<Record<string, unknown>> }
  | { readonly problems: readonly Problem[] };

/**
 * Reads a file of YAML that holds one section.
 *
 * @param sections what it is to hold, for a file that holds something else: `apiVersion and steps`
 */
export function readDeclaration(
  file: string,
  sections: string,
): WrittenDeclaration {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, "utf8"), {
    lineCounter: lines,
    prettyErrors: false,
  });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error) {
    // Syntax errors after the first often follow from it; duplicate keys are independent of each other.
    const told = document.errors.every(({ code }) => code === "DUPLICATE_KEY")
      ? document.errors
      : [error];
    return {
      problems: told.map(({ pos, message, code }) => ({
        path: place(pos[0]),
        value: undefined,
        remedy:
          code === "DUPLICATE_KEY"
            ? "the same key stands here a second time; remove one of the two"
            : `it is no YAML: ${message.split("\n")[0]}`,
      })),
    };
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (thrown) {
    // An alias of an anchor that is not there, or aliases that grow without bound.
    if (!(thrown instanceof ReferenceError)) throw thrown;
    const remedy = `it is no YAML: ${thrown.message}`;
    return { problems: [{ path: file, value: undefined, remedy }] };
  }
  if (isSection(value)) return { value };
  const remedy = `write a section with ${sections}`;
  return { problems: [{ path: file, value, remedy }] };
}

/** Whether a value is a section: keys with values. */
export function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
