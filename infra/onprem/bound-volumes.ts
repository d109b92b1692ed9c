import type { Problem } from "../problem";
import type { Host } from "./hosts";
import type { Remote } from "./ssh";
import { kubectlOn, type Work } from "./work";

/** Parts of a persistent volume that say where it is and who uses it. */
export interface Volume {
  readonly status?: { readonly phase?: string };
  readonly spec: {
    readonly claimRef?: { readonly namespace?: string; readonly name?: string };
    readonly nodeAffinity?: {
      readonly required?: {
        readonly nodeSelectorTerms?: readonly {
          readonly matchExpressions?: readonly Requirement[];
          readonly matchFields?: readonly Requirement[];
        }[];
      };
    };
  };
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Claims whose data lies on the hosts alone, as refusals to remove those. */
export async function findBoundVolumes(
  api: Remote,
  hosts: readonly Host[],
  { signal }: Work,
): Promise<readonly Problem[]> {
  if (hosts.length === 0) return [];
  const text = await api.run(
    `${kubectlOn(api)} get persistentvolumes -o json`,
    { signal },
  );
  const { items } = JSON.parse(text) as { items: readonly Volume[] };
  return hosts.flatMap((host) => boundVolumes(host, items));
}

/** Claims that are bound to volumes on a host's disk. */
export function boundVolumes(
  { name }: Host,
  volumes: readonly Volume[],
): readonly Problem[] {
  return volumes
    .filter(({ status, spec }) => {
      const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
      const needs = terms.flatMap(({ matchExpressions, matchFields }) => [
        ...(matchExpressions ?? []),
        ...(matchFields ?? []),
      ]);
      return (
        status?.phase === "Bound" && needs.some((need) => isOn(need, name))
      );
    })
    .map(({ spec: { claimRef } }) => ({
      path: `hosts.${name}`,
      value: `${claimRef?.namespace}/${claimRef?.name}`,
      remedy: `this claim's volume lies on the host; keep the host, or move the data and run kubectl delete persistentvolumeclaim --namespace ${claimRef?.namespace} ${claimRef?.name}`,
    }));
}

function isOn({ key, operator, values }: Requirement, name: string): boolean {
  const names = key === "kubernetes.io/hostname" || key === "metadata.name";
  return names && operator === "In" && (values ?? []).includes(name);
}
