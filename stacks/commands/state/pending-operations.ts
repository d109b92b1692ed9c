import { z } from "zod";

import { at } from "../../../infra/policy-facts";
import { plain } from "./stack-state";

/** Type token of a Helm release in the engine. */
export const RELEASE = "kubernetes:helm.sh/v3:Release";

const resource = z.object({
  urn: z.string(),
  type: z.string(),
  inputs: z.record(z.string(), z.unknown()).prefault({}),
});

const state = z.object({
  deployment: z.object({
    manifest: z.object({ time: z.iso.datetime({ offset: true }) }).optional(),
    resources: z.array(resource).nullish(),
    pending_operations: z
      .array(z.object({ type: z.string(), resource }))
      .nullish(),
  }),
});

/** An operation whose end the engine did not see, because the run that began it was killed. */
export type PendingOperation = NonNullable<
  z.output<typeof state>["deployment"]["pending_operations"]
>[number];

/** Operations that a killed run has left in a stack's state. */
export interface KilledRun {
  readonly operations: readonly PendingOperation[];
  /** Time of the run's last write to the state; undefined where the state does not tell. */
  readonly lastSeen: Date | undefined;
}

/**
 * Operations that a killed run left pending in a stack's exported state. Creations that a later run has completed are
 * left out: the engine keeps their records until the next refresh.
 */
export function killedRun(exported: string): KilledRun {
  const { deployment } = state.parse(JSON.parse(exported, plain));
  const made = new Set(deployment.resources?.map(identity));
  return {
    operations: (deployment.pending_operations ?? []).filter(
      ({ type, resource }) =>
        type !== "creating" || !made.has(identity(resource)),
    ),
    lastSeen: deployment.manifest && new Date(deployment.manifest.time),
  };
}

/** A resource by its URN and, since the old and the new one of a replacement share that, by its name in the cluster. */
function identity({ urn, inputs }: z.output<typeof resource>): string {
  const { name, namespace, metadata } = inputs;
  return JSON.stringify([
    ...[urn, name, namespace],
    ...[at(metadata, "name"), at(metadata, "namespace")],
  ]);
}
