import type { Log } from "../plugin/serve";
import { listAt, textAt, type Properties } from "../plugin/value";
import type { Cluster } from "./cluster";

/** Where an object's warnings come from, and where they are shown. */
export interface WarningsShown {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly urn: string;
}

/** Shows the warnings that the cluster's controllers note about an object. */
export function showWarnings(
  { cluster, log, urn }: WarningsShown,
  object: Properties,
): { stop(): void } {
  const uid = textAt(object, "metadata", "uid");
  const namespace = textAt(object, "metadata", "namespace");
  const shown = new Set<string>();
  const look = async (): Promise<void> => {
    const list = await cluster.request({
      method: "GET",
      path: await cluster.path({ apiVersion: "v1", kind: "Event" }, namespace),
      query: { fieldSelector: `involvedObject.uid=${uid},type=Warning` },
    });
    for (const event of listAt(list, "items")) {
      const text = `${textAt(event, "reason")}: ${textAt(event, "message")}`;
      if (shown.has(text)) continue;
      shown.add(text);
      log.status("warning", text, urn);
    }
  };
  const timer = setInterval(() => {
    // Warnings are a courtesy; without the right to read them there are none.
    look().catch(() => clearInterval(timer));
  }, 3_000);
  return { stop: () => clearInterval(timer) };
}
