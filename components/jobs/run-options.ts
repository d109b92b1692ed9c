import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

/**
 * Options of an object of a fixed name that stands for one run: another declaration is another run, which begins once
 * the object of the last one, with its pods, is gone.
 *
 * It compares the declaration and not the object: webhooks and controllers drop empty fields of its `spec` and fill in
 * defaults, so that each `up` would run the job again.
 *
 * @param declaration what makes one run another: the object's `spec`, and more where more counts
 */
export function runOptions(
  declaration: pulumi.Input<object>,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResourceOptions {
  return {
    ...opts,
    replacementTrigger: pulumi.output(declaration).apply(digest),
    // A replacement gets the whole declared object in spite of this.
    ignoreChanges: ["spec"],
    // Applied over the old object, the new one would be deleted with it.
    deleteBeforeReplace: true,
  };
}

/**
 * Has the Kubernetes plugin make a Job without waiting for its end, which a {@link JobEnd} awaits. Its annotation
 * `skipAwait` would leave out the wait for a deletion as well, and the next run be applied to a Job that is going.
 */
export const withoutAwaitingTheEnd = {
  "pulumi.com/waitFor": "jsonpath={.metadata.uid}",
} as const;

/** Key order does not count. */
function digest(declaration: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(declaration, sorted) ?? "")
    .digest("hex");
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return value;
  return Object.fromEntries(
    Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/** Annotation of pods that an autoscaler must not move to free a node: their work would be lost, and restarted. */
export const staysOnItsNode = {
  "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
} as const;
