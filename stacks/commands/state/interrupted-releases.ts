import type { KubeConfig } from "@kubernetes/client-node";

import { RELEASE, type PendingOperation } from "./pending-operations";

/** A Helm release whose installation or upgrade was under way when a run was killed. */
export interface InterruptedRelease {
  readonly namespace: string;
  readonly name: string;
  readonly operation: "creating" | "updating";
}

/** Releases among the operations that a stack's exported state says are under way. */
export function interruptedReleases(
  operations: readonly PendingOperation[],
): InterruptedRelease[] {
  return operations.flatMap(({ type, resource }) => {
    const { name, namespace } = resource.inputs;
    return resource.type === RELEASE &&
      (type === "creating" || type === "updating") &&
      typeof name === "string" &&
      typeof namespace === "string"
      ? [{ name, namespace, operation: type }]
      : [];
  });
}

/**
 * Removes Helm's records of interrupted installations and upgrades. With such a record, Helm refuses every further one:
 * "cannot re-use a name that is still in use", "another operation is in progress". What the interrupted run applied
 * stays, and the next installation takes it over, since it carries the name of its release.
 *
 * @returns a line for each release whose record was removed
 */
export async function dropInterruptedReleases(
  releases: readonly InterruptedRelease[],
  config: KubeConfig,
): Promise<string[]> {
  const { CoreV1Api } = await import("@kubernetes/client-node");
  const core = config.makeApiClient(CoreV1Api);
  const lines = await Promise.all(
    releases.map(async ({ namespace, name, operation }) => {
      const { items } = await core.listNamespacedSecret({
        namespace,
        labelSelector: `owner=helm,name=${name}`,
      });
      const records = items.filter(
        ({ metadata }) =>
          operation === "creating" ||
          metadata?.labels?.["status"]?.startsWith("pending-"),
      );
      for (const { metadata } of records) {
        await core.deleteNamespacedSecret({
          namespace,
          name: metadata?.name ?? "",
        });
      }
      const verb = operation === "creating" ? "installed" : "upgraded";
      return records.length === 0
        ? []
        : [
            `release ${namespace}/${name}: an earlier run was killed while it was ${verb}; it is ${verb} again`,
          ];
    }),
  );
  return lines.flat();
}
