import { once } from "node:events";
import { PassThrough } from "node:stream";

import type { KubeConfig } from "@kubernetes/client-node";

/** A container of a pod. */
export interface ContainerPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Prints what a container has logged; until it ends, where that is asked. */
export async function printLog(
  config: KubeConfig,
  { namespace, pod, container }: ContainerPlace,
  options: { readonly follow: boolean; readonly tailLines?: number },
): Promise<void> {
  const { Log } = await import("@kubernetes/client-node");
  const output = new PassThrough();
  output.pipe(process.stdout, { end: false });
  const end = once(output, "end");
  await new Log(config).log(namespace, pod, container, output, options);
  await end;
}
