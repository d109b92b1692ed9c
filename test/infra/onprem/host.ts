import type { Host } from "../../../infra/onprem/hosts";

/** A host for tests, changed where a test says. */
export function host(name: string, changes: Partial<Host> = {}): Host {
  return {
    name,
    address: "10.0.0.11",
    port: 22,
    user: "root",
    role: "worker",
    labels: {},
    taints: [],
    ...changes,
  };
}
