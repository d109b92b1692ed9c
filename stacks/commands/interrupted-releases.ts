import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";

import { clientConfig, kubeconfigOf, resourcesOf } from "./stack-state";

/** A Helm release whose installation or upgrade was under way when a run was killed. */
export interface InterruptedRelease {
  readonly namespace: string;
  readonly name: string;
  readonly operation: "creating" | "updating";
}

const pendingOperations = z.object({
  deployment: z.object({
    pending_operations: z
      .array(
        z.object({
          type: z.string(),
          resource: z.object({
            type: z.string(),
            inputs: z.record(z.string(), z.unknown()).prefault({}),
          }),
        }),
      )
      .nullish(),
  }),
});

/** Releases among the operations that a stack's exported state says are under way. */
export function interruptedReleases(exported: unknown): InterruptedRelease[] {
  const { deployment } = pendingOperations.parse(exported);
  return (deployment.pending_operations ?? []).flatMap(({ type, resource }) => {
    const { name, namespace } = resource.inputs;
    return resource.type === "kubernetes:helm.sh/v3:Release" &&
      (type === "creating" || type === "updating") &&
      typeof name === "string" &&
      typeof namespace === "string"
      ? [{ name, namespace, operation: type }]
      : [];
  });
}

/**
 * Makes way for the releases that a killed run left half installed or half upgraded.
 *
 * @param exported the stack's state with its secrets
 * @returns a line for each
 */
export async function mendReleases(exported: string): Promise<string[]> {
  const releases = interruptedReleases(JSON.parse(exported));
  if (releases.length === 0) return [];
  const kubeconfig = kubeconfigOf(resourcesOf(exported));
  return kubeconfig === undefined
    ? []
    : dropInterruptedReleases(releases, await clientConfig(kubeconfig)).catch(
        // A cluster that does not answer, such as one that `up` is about to start, is reported by `up` itself.
        () => [],
      );
}

/**
 * Removes Helm's records of interrupted installations and upgrades. With such a record, Helm refuses every further one:
 * "cannot re-use a name that is still in use", "another operation is in progress". What the interrupted run applied
 * stays, and the next installation takes it over, since it carries the name of its release.
 *
 * @returns a line for each release whose record was removed
 */
async function dropInterruptedReleases(
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
