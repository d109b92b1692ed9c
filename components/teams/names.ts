import { lies } from "../../infra/network/destinations";
import type { Problem } from "../../infra/problem";
import type { TeamMembers } from "./members";

/** Namespaces that Kubernetes, a target or the program itself has, by name. */
const reserved: readonly string[] = [
  "default",
  // Namespaces of the program's own components.
  ...["cert-manager", "istio-system", "kafka", "kserve", "kubeflow"],
  ...["local-path-storage", "observability", "spark-operator", "versitygw"],
  // Namespaces of managed clusters, and of software that is commonly installed beside the program.
  ...["app-routing-system", "calico-apiserver", "calico-system"],
  ...["gatekeeper-system", "ingress-nginx", "karpenter", "knative-serving"],
  ...["knative-eventing", "tigera-operator"],
];

/** Beginnings of namespaces that Kubernetes, a target or Kubeflow keeps to itself. */
const reservedPrefixes = [
  ...["kube-", "kubeflow-"],
  ...["aks-", "amazon-", "aws-", "azure-", "gke-", "gmp-"],
];

/** Whether a namespace is not a team's to have. */
export function isReservedNamespace(name: string): boolean {
  return (
    reserved.includes(name) ||
    reservedPrefixes.some((prefix) => name.startsWith(prefix))
  );
}

/**
 * Teams whose namespace is somebody else's, members that are listed twice, and ways out that lead into the cluster.
 *
 * @param closed ranges of the cluster
 */
export function checkTeams(
  path: string,
  teams: readonly {
    readonly name: string;
    readonly members: TeamMembers;
    readonly egress: "all" | "none" | readonly string[];
  }[],
  closed: readonly string[],
): readonly Problem[] {
  return teams.flatMap(({ name, members, egress }, index) => [
    ...(typeof egress === "string" ? [] : egress).flatMap((range, at) => {
      const around = closed.find((other) => lies(range, other));
      return around === undefined
        ? []
        : [
            {
              path: `${path}[${index}].egress[${at}]`,
              value: range,
              remedy: `lies in ${around}, which is the cluster's own; name addresses outside of it`,
            },
          ];
    }),
    ...(isReservedNamespace(name)
      ? [
          {
            path: `${path}[${index}].name`,
            value: name,
            remedy: `the namespace ${name} is not a team's; choose another name, such as team-${name}`,
          },
        ]
      : []),
    ...(["edit", "view"] as const).flatMap((role) =>
      members[role].flatMap((member, at) =>
        members[role].indexOf(member) === at
          ? []
          : [
              {
                path: `${path}[${index}].members.${role}[${at}]`,
                value: member,
                remedy: "is listed twice; remove one",
              },
            ],
      ),
    ),
  ]);
}
