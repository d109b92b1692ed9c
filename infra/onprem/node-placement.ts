import type { Host } from "./hosts";
import { quoted } from "./shell";
import type { Remote } from "./ssh";
import { kubectlOn, type Work } from "./work";

type HostTaint = Host["taints"][number];

/** Parts of a node that say what runs on it. */
export interface LiveNode {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly taints?: readonly {
      readonly key: string;
      readonly value?: string;
      readonly effect: string;
    }[];
  };
}

/** Gives nodes the labels and taints that their hosts have now; what the old hosts had beyond that goes. */
export async function placeNodes(
  api: Remote,
  olds: readonly Host[],
  news: readonly Host[],
  { signal }: Work,
): Promise<void> {
  const kubectl = kubectlOn(api);
  const text = await api.run(`${kubectl} get nodes -o json`, { signal });
  const { items } = JSON.parse(text) as { items: readonly LiveNode[] };
  const lines = items.flatMap((node) => {
    const { name } = node.metadata;
    const host = news.find((each) => each.name === name);
    const old = olds.find((each) => each.name === name) ?? host;
    return host && old ? placementCommands(kubectl, node, old, host) : [];
  });
  if (lines.length > 0) await api.run(lines.join("\n"), { signal });
}

/** Commands that bring a node to a host's labels and taints; none where it has them. Those of others stay. */
export function placementCommands(
  kubectl: string,
  { metadata, spec }: LiveNode,
  old: Host,
  { name, labels, taints }: Host,
): readonly string[] {
  const live = { labels: metadata.labels ?? {}, taints: spec.taints ?? [] };
  const isGone = ({ key, effect }: HostTaint) =>
    live.taints.some((each) => each.key === key && each.effect === effect) &&
    !taints.some((each) => each.key === key && each.effect === effect);
  const isMissing = (taint: HostTaint) =>
    !live.taints.some(
      ({ key, value, effect }) =>
        key === taint.key &&
        (value ?? "") === taint.value &&
        effect === taint.effect,
    );
  const words = {
    label: [
      ...Object.entries(labels)
        .filter(([key, value]) => live.labels[key] !== value)
        .map(([key, value]) => `${key}=${value}`),
      ...Object.keys(old.labels)
        .filter((key) => key in live.labels && !(key in labels))
        .map((key) => `${key}-`),
    ],
    taint: [
      ...taints
        .filter(isMissing)
        .map(({ key, value, effect }) => `${key}=${value}:${effect}`),
      ...old.taints
        .filter(isGone)
        .map(({ key, effect }) => `${key}:${effect}-`),
    ],
  };
  return Object.entries(words).flatMap(([verb, changes]) =>
    changes.length > 0
      ? [
          `${kubectl} ${verb} node ${name} --overwrite ${changes.map(quoted).join(" ")}`,
        ]
      : [],
  );
}
