import type { Problem } from "../problem";
import type { SshClusterInputs } from "./hosts";
import type { Remote } from "./ssh";
import { kubectlOn, type Work } from "./work";

/** A cluster as it knows itself. */
export interface LiveCluster {
  readonly version: string;
  readonly endpoint: string;
  readonly pods: string;
  readonly services: string;
  readonly nodes: readonly string[];
}

/** Asks a control-plane host of the cluster. */
export async function readLiveCluster(
  api: Remote,
  { signal }: Work,
): Promise<LiveCluster> {
  const kubectl = kubectlOn(api);
  const configuration = await api.run(
    `${kubectl} --namespace=kube-system get configmap kubeadm-config -o jsonpath={.data.ClusterConfiguration}`,
    { signal },
  );
  const names = await api.run(
    `${kubectl} get nodes -o jsonpath={.items[*].metadata.name}`,
    { signal },
  );
  return readConfiguration(configuration, names.split(" ").filter(Boolean));
}

/** Reads kubeadm's ClusterConfiguration, where each value needed is on a line of its own. */
export function readConfiguration(
  text: string,
  nodes: readonly string[],
): LiveCluster {
  const value = (key: string) =>
    new RegExp(`^\\s*${key}: "?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  return {
    version: value("kubernetesVersion").replace(/^v/, ""),
    endpoint: value("controlPlaneEndpoint"),
    pods: value("podSubnet"),
    services: value("serviceSubnet"),
    nodes,
  };
}

/** Problems that prevent the takeover of a cluster. */
export function takeoverProblems(
  live: LiveCluster,
  inputs: SshClusterInputs,
): readonly Problem[] {
  const strangers = live.nodes.filter(
    (node) => !inputs.hosts.some(({ name }) => name === node),
  );
  const fixed = {
    endpoint: "target.endpoint",
    pods: "target.network.pods",
    services: "target.network.services",
  } as const;
  return [
    ...strangers.map((name) => ({
      path: "target.hosts",
      value: name,
      remedy:
        "is a node of the cluster; add it, and remove it once the cluster is taken over",
    })),
    ...(["endpoint", "pods", "services"] as const)
      .filter((key) => live[key] !== inputs[key])
      .map((key) => ({
        path: fixed[key],
        value: inputs[key],
        remedy: `the cluster has ${live[key]}; write that`,
      })),
  ];
}
