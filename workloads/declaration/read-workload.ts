import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

import { HiddenValue, type Problem } from "../../infra/problem";
import {
  userInputParse,
  schemaProblems,
  writtenPath,
} from "../../infra/schema-problems";
import { isSection, readDeclaration } from "./declaration-file";
import { declaredFolder } from "../schema/declared-folder";
import { workloadFile } from "../schema/names";
import {
  workloadSchema,
  type OwnWorkloadConfig,
  type Workload,
} from "../schema/workload";

/** A workload's declaration, with what a stack sets of it, and the problems that are found in the two. */
export interface ReadWorkload {
  readonly name: string;
  readonly own: OwnWorkloadConfig;
  /** Folder, as a path from the root of the project. */
  readonly folder: string;
  /** Undefined where it cannot be read; `problems` tell why. */
  readonly workload: Workload | undefined;
  readonly problems: readonly Problem[];
  /** Location of a key: in the stack's file, or in the folder's. */
  at(path: readonly PropertyKey[]): string;
}

/** Reads the folder of a workload that a stack names. */
export function readWorkload(
  name: string,
  own: OwnWorkloadConfig,
): ReadWorkload {
  const place =
    own.path === undefined ? `workloads.${name}` : `workloads.${name}.path`;
  const here = declaredFolder(name, own.path);
  const { folder } = here;
  const file = join(folder, workloadFile);
  const at = (path: readonly PropertyKey[]) =>
    isSet({ steps: own.steps }, path)
      ? `workloads.${name}.${writtenPath(path)}`
      : path.length === 0
        ? file
        : `${file}: ${writtenPath(path)}`;
  const read = { name, own, folder, at };
  const fail = (...problems: Problem[]) => ({
    ...read,
    workload: undefined,
    problems,
  });
  if (here.fault !== undefined)
    return fail({ path: place, value: own.path, remedy: here.fault });
  if (!isFolder(folder)) {
    return fail({
      path: place,
      value: folder,
      remedy: `no such folder; make one with \`npm run new -- ${name}\`, name another under path, or correct the spelling`,
    });
  }
  if (!existsSync(file)) {
    return fail({
      path: place,
      value: folder,
      remedy: `the folder has no ${workloadFile}; make one with \`npm run new -- ${name}\``,
    });
  }
  const written = readDeclaration(file, "apiVersion and steps");
  if ("problems" in written) return fail(...written.problems);
  const declared = written.value;
  const steps = isSection(declared["steps"]) ? declared["steps"] : {};
  const unknown = Object.keys(own.steps).filter((step) => !(step in steps));
  if (unknown.length > 0) {
    return fail(
      ...unknown.map((step) => ({
        path: `workloads.${name}.steps.${step}`,
        value: step,
        remedy: `the workload has no such step; choose one of ${Object.keys(steps).join(", ")}`,
      })),
    );
  }
  const merged = isSection(declared["steps"])
    ? { ...declared, steps: merge(steps, own.steps) }
    : declared;
  const parsed = workloadSchema.safeParse(merged, userInputParse);
  if (parsed.success) {
    return { ...read, workload: parsed.data, problems: [] };
  }
  return fail(
    ...parsed.error.issues.flatMap((issue) => schemaProblems(issue, shown, at)),
  );
}

/** Values of variables, arguments and inputs may be secret, even though they should not be. */
function shown(path: readonly PropertyKey[], value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (typeof value === "object")
    return new HiddenValue(Array.isArray(value) ? "a list" : "a section");
  const guarded = ["env", "args", "inputs", "command"];
  return path.some((key) => guarded.includes(String(key)))
    ? new HiddenValue("a value")
    : value;
}

/** Whether a stack sets a key, or one above it that is no section. */
function isSet(value: unknown, path: readonly PropertyKey[]): boolean {
  let inner = value;
  for (const key of path) {
    if (!isSection(inner)) return Array.isArray(inner);
    if (!(key in inner)) return false;
    inner = Reflect.get(inner, key);
  }
  return path.length > 2;
}

/** Sections key by key; anything else takes the place of what was there. */
function merge(below: unknown, above: unknown): unknown {
  if (!isSection(below) || !isSection(above)) return above;
  return Object.fromEntries(
    [...new Set([...Object.keys(below), ...Object.keys(above)])].map((key) => [
      key,
      key in above
        ? key in below
          ? merge(below[key], above[key])
          : above[key]
        : below[key],
    ]),
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
