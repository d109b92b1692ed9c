import { withLock } from "../supply/lock";
import type { Layout } from "./layout";

/** Runs one piece of work on a cluster at a time; a second one is refused while the first still runs. */
export function withClusterLock<T>(
  layout: Layout,
  work: () => Promise<T>,
): Promise<T> {
  return withLock("cluster", layout.state, work, (pid) => {
    throw new Error(
      `cluster ${layout.place.name}: ${pid ? `process ${pid}` : "another process"} is at work on ${layout.state}; wait until it ends${pid ? `, or end it with kill ${pid}` : ""}`,
    );
  });
}
