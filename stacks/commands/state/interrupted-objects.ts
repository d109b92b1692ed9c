import type { KubeConfig, KubernetesObject } from "@kubernetes/client-node";

import {
  RELEASE,
  type KilledRun,
  type PendingOperation,
} from "./pending-operations";

/** A Kubernetes object whose creation was under way when a run was killed. */
export interface InterruptedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Longest time, in milliseconds, that the engine waits for one object to become ready, with a margin. */
const longestCreation = 60 * 60_000;

/** Objects that were being created, among the operations that a killed run has left. */
export function interruptedObjects(
  operations: readonly PendingOperation[],
): InterruptedObject[] {
  return operations.flatMap(({ type, resource }) => {
    const { apiVersion, kind, metadata } = resource.inputs;
    if (
      type !== "creating" ||
      !resource.type.startsWith("kubernetes:") ||
      resource.type === RELEASE ||
      typeof apiVersion !== "string" ||
      typeof kind !== "string" ||
      typeof metadata !== "object" ||
      metadata === null
    )
      return [];
    const { name, namespace } = metadata as Record<string, unknown>;
    if (typeof name !== "string") return [];
    return [
      {
        apiVersion,
        kind,
        metadata:
          typeof namespace === "string" ? { name, namespace } : { name },
      },
    ];
  });
}

/**
 * Takes the fields of half-created objects from the killed run's field manager. The next run applies them under another
 * manager, since the plugin draws its name at random and the state does not have it yet. The API server then refuses each
 * field that it has completed, such as the protocol of a network policy's port: `conflict with "pulumi-kubernetes-..."`. Fields without conflict would belong to both managers, and stay when the program removes them.
 *
 * Objects older than the killed run belong to somebody else, and are left alone.
 *
 * @returns a line for each object
 */
export async function disownInterruptedObjects(
  { operations, lastSeen }: KilledRun,
  config: KubeConfig,
): Promise<string[]> {
  const objects = interruptedObjects(operations);
  if (objects.length === 0 || lastSeen === undefined) return [];
  const { ApiException, KubernetesObjectApi, PatchStrategy } =
    await import("@kubernetes/client-node");
  const api = KubernetesObjectApi.makeApiClient(config);
  const earliest = lastSeen.getTime() - longestCreation;
  const lines = await Promise.all(
    objects.map(async ({ apiVersion, kind, metadata }) => {
      const live = await api
        .read<KubernetesObject>({ apiVersion, kind, metadata })
        .catch((error: unknown) => {
          if (error instanceof ApiException && error.code === 404)
            return undefined;
          throw error;
        });
      const { creationTimestamp, managedFields, resourceVersion } =
        live?.metadata ?? {};
      if (
        creationTimestamp === undefined ||
        new Date(creationTimestamp).getTime() < earliest ||
        !managedFields?.some(isKilledRuns)
      )
        return [];
      await api.patch(
        {
          apiVersion,
          kind,
          metadata: {
            ...metadata,
            // The patch is refused if the object has changed meanwhile.
            ...(resourceVersion !== undefined && { resourceVersion }),
            managedFields: managedFields.map((entry) =>
              isKilledRuns(entry) ? { ...entry, fieldsV1: absentField } : entry,
            ),
          },
        },
        undefined,
        undefined,
        undefined,
        undefined,
        PatchStrategy.MergePatch,
      );
      const { name, namespace } = metadata;
      const path = namespace === undefined ? name : `${namespace}/${name}`;
      return [
        `${kind} ${path}: an earlier run was killed while it was created; this run takes it over`,
      ];
    }),
  );
  return lines.flat();
}

/** Whether the Kubernetes plugin of a run without a recorded name manages these fields. */
function isKilledRuns(entry: {
  readonly manager?: string;
  readonly operation?: string;
}): boolean {
  return (
    entry.operation === "Apply" &&
    /^pulumi-kubernetes-[0-9a-f]+$/.test(entry.manager ?? "")
  );
}

/**
 * A field that no object has. Without any manager, the API server would give all fields to `before-first-apply`, and the next
 * run would be in conflict with that one.
 */
const absentField = {
  "f:metadata": {
    "f:annotations": { "f:mlstack.dev/interrupted": {} },
  },
};
