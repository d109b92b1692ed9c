import { createRequire } from "node:module";

/**
 * What most runs need nothing of is loaded when it is asked for: the engine
 * starts a plugin several times a run, and waits for each.
 */
const load = createRequire(__filename);

/** The YAML parser. */
export function yaml(): typeof import("yaml") {
  return load("yaml") as typeof import("yaml");
}

/** Helm releases. */
export function releases(): typeof import("./release") {
  return load("./release") as typeof import("./release");
}

/** Functions of the SDK. */
export function functions(): typeof import("./invokes") {
  return load("./invokes") as typeof import("./invokes");
}
