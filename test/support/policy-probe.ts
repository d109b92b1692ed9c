import { gpuTaint } from "../../infra/pools/placement";
import type { Kubectl } from "./kubectl";

const image = "docker.io/library/busybox:1.37.0";
const port = 8080;

/**
 * Who reaches a server in a team's namespace, by the client's namespace and node, such as `default on worker`: `served`,
 * or the words of the refusal. The pods are removed afterwards.
 *
 * @param nodes names of the nodes; the server is on the first, a client of each namespace on every one
 */
export function reachesTeam(
  kubectl: Kubectl,
  team: string,
  nodes: readonly string[],
): Readonly<Record<string, string>> {
  const clients = [team, "default"].flatMap((namespace) =>
    nodes.map((node) => ({ namespace, node, name: `client-${node}` })),
  );
  const serve = `cd /tmp; echo served >index.html; exec httpd -f -p ${port}`;
  const server = { namespace: team, node: nodes[0] ?? "", name: "server" };
  const all = [
    pod(server, serve),
    ...clients.map((client) => pod(client, "exec sleep 600")),
  ];
  try {
    kubectl.apply(...all);
    for (const { name, namespace } of [server, ...clients])
      kubectl.waitFor(`pod/${name}`, "condition=Ready", namespace);
    const { status } = kubectl.get<{ status: { podIP: string } }>(
      ...["pod", server.name, `--namespace=${team}`],
    );
    const ask = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${status.podIP} ${port} 2>&1 | tail -1`;
    return Object.fromEntries(
      clients.map(({ namespace, node, name }) => [
        `${namespace} on ${node}`,
        kubectl
          .run([
            ...["exec", name, `--namespace=${namespace}`, "--"],
            ...["sh", "-c", ask],
          ])
          .trim(),
      ]),
    );
  } finally {
    for (const { name, namespace } of [server, ...clients])
      kubectl.run([
        ...["delete", "pod", name, `--namespace=${namespace}`],
        ...["--ignore-not-found", "--grace-period=0", "--force"],
      ]);
  }
}

function pod(
  {
    namespace,
    node,
    name,
  }: {
    readonly namespace: string;
    readonly node: string;
    readonly name: string;
  },
  script: string,
): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      // All that a team's pod may tolerate of the nodes of these clusters.
      tolerations: [{ key: gpuTaint.key, operator: "Exists" }],
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name,
          image,
          command: ["sh", "-c", script],
          resources: { limits: { memory: "64Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  };
}
