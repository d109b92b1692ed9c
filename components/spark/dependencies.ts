import * as pulumi from "@pulumi/pulumi";

import { mayMount } from "./mounts";
import type { SparkRunArgs } from "./run";

/**
 * Resources that must exist before an application: the operator, its account, and the right to its mounts, which this
 * creates.
 */
export function dependenciesOf(
  name: string,
  args: SparkRunArgs,
  opts: pulumi.CustomResourceOptions,
) {
  return [
    args.operator.installed,
    ...args.account.ready,
    ...mayMount(name, args, opts),
    ...(args.after ?? []),
  ];
}
