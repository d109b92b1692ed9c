import { createRequire } from "node:module";

/** Loads a module when it is asked for: the engine starts a plugin several times a run, and waits for each. */
export const load = createRequire(__filename);

/** The YAML parser, which most runs need nothing of. */
export function yaml(): typeof import("yaml") {
  return load("yaml") as typeof import("yaml");
}
