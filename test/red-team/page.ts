import { ofTeam } from "../../components/observability/scrape-limits";
import { volumeFolder } from "../../infra/onprem/volumes";
import { podPidsLimit } from "../../infra/pod-processes";
import { type Attempt, attempts, type Layer, streamAttempts } from "./attempts";
import {
  attemptsOn,
  leftOut,
  streamSuite,
  targets,
  type TargetName,
} from "./targets";

/** Enforcement of each layer by target: tried on a real cluster, only configured, or missing. */
const layers: Readonly<
  Record<
    Layer,
    Readonly<Record<"by" | "tried" | "clouds" | "existing", string>>
  >
> = {
  "network policy": {
    by: "kube-router's firewall on every node (local, onprem)",
    tried: "local, onprem",
    clouds:
      "configured, never tried: the VPC CNI's on EKS, Dataplane V2 on GKE, Cilium on AKS",
    existing:
      "the cluster's own enforcement, which nobody checks; the ranges of nodes and pods are unknown, so that egress to them stays open",
  },
  roles: {
    by: "the API server",
    tried: "local, onprem",
    clouds: "the same objects, never tried",
    existing: "the same objects",
  },
  "admission policy": {
    by: "the API server (ValidatingAdmissionPolicy)",
    tried: "local, onprem, and on an API server alone in test/engine",
    clouds: "the same objects, never tried",
    existing: "the same objects; Kubernetes 1.30 or later",
  },
  "Pod Security": {
    by: "the API server (level restricted)",
    tried: "local, onprem",
    clouds: "the same labels, never tried",
    existing: "the same labels",
  },
  quota: {
    by: "the API server (ResourceQuota, LimitRange)",
    tried: "local, onprem",
    clouds: "the same objects, never tried",
    existing: "the same objects",
  },
  "no token": {
    by: "the platform's own pods, which mount no token",
    tried: "local, onprem",
    clouds: "the same pods, never tried",
    existing: "the same pods",
  },
  "object store": {
    by: "versitygw's accounts, and a main program of ours that checks keys and IDs; on clouds, the roles of each identity",
    tried: "local, onprem",
    clouds: "configured, never tried",
    existing: "versitygw; at your own endpoint, the permissions of its keys",
  },
};

const targetNames = Object.keys(targets) as readonly TargetName[];

const escaped = (text: string) => text.replaceAll("|", "\\|");
const row = (cells: readonly string[]) =>
  `| ${cells.map(escaped).join(" | ")} |`;
const rows = (head: readonly string[], body: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => "---")), ...body.map(row)].join("\n");

const controlOf = ({ who, action }: Attempt["control"]) =>
  action === undefined
    ? `the ${who}, the same request`
    : `the ${who}, a similar request within the limits`;

/** The page of the documentation. */
export function page(): string {
  return `# Security: refused requests, by layer

This page is generated from \`test/red-team\`, whose attempts run in the suites of the full local stack and of the on-prem stack.
Change the source, and regenerate the page with \`UPDATE_DOCS=1 npm test\`.

## Enforcement of each layer

${rows(
  [
    "layer",
    "enforced by",
    "tried on a real cluster",
    "eks, gke, aks",
    "existing",
  ],
  Object.entries(layers).map(([layer, { by, tried, clouds, existing }]) => [
    layer,
    by,
    tried,
    clouds,
    existing,
  ]),
)}

## The network

Every namespace of the stack has network policies that deny ingress and egress by default. A team's pods may connect to:

- the team's own pods, the name servers and the API server;
- the object store, and the token service of its identity;
- the services that the stack runs for the team (Kafka, Redis, the Pushgateway, Kubeflow Pipelines);
- addresses outside the cluster, by \`teams[].egress\`: \`all\` unless given (so that downloads of packages, data sets and models
  work), \`none\`, or a list of ranges;
- the host and port of a database, for the pods that read a data set from one of its tables. A label selects these pods, and every
  member who may create pods can set it.

Always closed are the nodes with their kubelets, the pods and services of others, and a cloud's metadata address.

- Policies contain addresses, not names. On EKS, GKE and AKS the object store and the token service have public addresses that
  change: with \`none\`, port 443 stays open to every public address there. The same rule opens the API server on AKS; on EKS, port
  443 of the VPC is open as well, for its interface endpoints.
  On Scaleway, ports 443 and 6443 stay open to every public address, and on \`existing\` ports 443, 6443, 8443 and 16443 to
  every address but link-local ones: nobody says where that cluster's API server answers.
- On GKE the metadata address is open on port 80: workload identity answers there, in place of the node's metadata.
- For a host of \`onprem\` with several addresses, only the address in the stack's file is closed: with \`all\`, its pods reach the
  others.
- The namespaces of Kubernetes itself (kube-system) and of the provisioner of local volumes are closed on \`local\` and \`onprem\`,
  except for name service, the API server's own calls, and Prometheus. Elsewhere the cluster's provider is responsible for them.
  \`kubeflow\` and \`istio-system\` restrict egress only.
- On \`local\`, unless \`target.internet\` is false, pods with \`all\` reach every address that the machine itself reaches, including
  its own network. Refused are the machine's own addresses (a new one within 15 s), other clusters on it, and a cloud's
  metadata address.
- A firewall that learns of a new pod with a delay lets its traffic pass until then (kube-router: less than a second).

## Audit logs and encryption

On \`local\` and \`onprem\` each API server keeps an audit log with the user, the request and the response, so that it also shows
refused requests. It records all requests for secrets, roles, commands in pods and policies, and other requests except those of
Kubernetes' own components. It contains no contents of objects. It is rotated and compressed, and takes at most 1 GB, at
\`audit/audit.log\` in the local cluster's folder and at \`/var/log/kubernetes/audit\` on each control-plane host.

Secrets are encrypted in etcd (XSalsa20-Poly1305). The key is created with the cluster, stored only with the cluster's certificates,
and never rotated. Volumes and buckets are not encrypted by the program: encrypt the disk.
EKS, GKE and AKS have logs and encryption of their own, as their stacks configure them.

## Limits on a team's use of nodes

A container writes at most \`quota.nodeDisk\` to its node's disk, and a team's pods together reserve at most \`quota.nodeDisks\` of
all disks. When a disk is full, the kubelet first evicts pods that wrote more than they reserved. Pods of a team may not tolerate the
control planes' taint or all taints, and may not name their node. On \`local\` and \`onprem\` a pod has at most ${podPidsLimit} processes and
threads; on clouds and \`existing\` the cluster's own limit applies. An existing on-prem cluster keeps its kubelets' settings until
\`podPidsLimit\` is written into the ConfigMap \`kubelet-config\` of kube-system, which the next upgrade applies.

| limit | local, onprem | eks, gke, aks | existing |
| --- | --- | --- | --- |
| size of a claim | **not enforced**: a volume is a folder on its node's disk, and its pods can fill the disk. On the hosts of onprem, mount a separate file system at \`${volumeFolder}\` | by the cloud's disk | by its storage class |
| total of all claims | quota (\`quota.storage\`) | the same | the same |

Prometheus' scrapes of a team's pods are limited as well, in one scrape job per team: ${ofTeam.samples} samples and
${ofTeam.bodySize.replace("MB", " MB")} per pod, and ${ofTeam.targets} pods. New names at every scrape can still fill it, slowly.

## Isolation within a team, and shared data

A member with \`edit\` can read the team's secrets and run pods as any account of the team, and so has all rights of the team's
accounts on the object store.

The team's accounts are isolated from each other by their tokens. Trainers, model servers, notebooks and executors have no token. A
driver can only create executors, under its own account. Executors can only mount:

- the secrets and claims that the workload declares (a role lets the account \`mount\` them by name);
- the account's own key pair, and claims that Spark created for them;
- objects named \`ACCOUNT.NAME\`: use such names for objects that a member's own application passes to its executors.

A pipeline or a drift job starts Spark applications of the accounts in its declaration only, with the same limits.

Not isolated between teams are raw events and features, which every team with access to the bucket can read completely; topics of the
embedded Kafka; metrics pushed to the Pushgateway under another team's name; and the bucket \`models\`, unless teams have
\`ownModels\`.

## Known gaps

These were found by reading the code, and are not fixed yet; none is among the attempts below.

- \`run\` and \`up\` of another person's folder run its code as root on your machine: the image builder runs the steps of a
  Dockerfile, and the code that pip runs while it installs, as root. Treat a folder as you would a script. A declaration can use no
  file outside its folder, and links that lead out are refused.
- With \`kubeflow.pipelines\` (never started here), KFP's API has no authentication, and a team with a pipeline can run steps under
  any account of the namespace \`kubeflow\`. More than one team is refused; trust that team with the cluster.
- A quota counts the objects of a kind, not how large they are nor how often they are written: whoever makes them as large
  as they may be (1.5 MB) can still fill etcd. The kinds of the operators are counted by nothing but their pods.
- Members of a team choose the labels of its pods. \`mlstack logs\` and \`open\` look for a job's or a service's pods by these in
  their team's namespace, so that one member's pod may stand for another's there.
- Drivers of one team know no bounds between their ConfigMaps, their table locks (Leases) and the claims that Spark makes for
  their executors: the token of one replaces what another's executors read at their start, and takes its locks.
- On clouds that create a load balancer for an Ingress, a member can create as many as \`quota.objects\` allows. The team's network
  policy blocks their traffic, but they cost money.
- With \`kubeflow.profiles\`, \`profiles-kfam\` in \`kubeflow\` trusts the user name in a request's header: a client that reaches it
  can create a namespace without the teams' policies. Teams' pods cannot reach it where network policies are enforced.
- Name servers of on-prem hosts and clouds forward queries, so that DNS names can carry data out in spite of \`egress: none\`.
- A flood of long requests (1 MB at most, by any authenticated user) pushes older entries out of the audit log's 1 GB: copy the log
  to another place if you rely on it.

## Attempts

${attempts.length} attempts, each with a control: an account that may do the same, or a similar request that the same account may make.
An attempt counts as refused only if the named layer refused it, with that layer's own message, and the control succeeded. The
suite of a target runs all attempts that its stack has the parts for:

${targetNames
  .map(
    (target) =>
      `- ${target}: ${attemptsOn(target).length}, in \`${targets[target].suite}\``,
  )
  .join("\n")}

${rows(
  [
    "from",
    "attempt",
    ...targetNames.map((target) => `${target}: refused by`),
    "control: allowed for",
  ],
  attempts.map(({ control, ...attempt }) => [
    attempt.who,
    attempt.what,
    ...targetNames.map((target) => {
      const reason = leftOut({ ...attempt, control }, target);
      return reason === undefined ? attempt.layer : `not tried: ${reason}`;
    }),
    controlOf(control),
  ]),
)}

Attempts on the parts that a stream adds, in \`${streamSuite}\` on the local target, ${streamAttempts.length} more:

${rows(
  ["from", "attempt", "local: refused by", "control: allowed for"],
  streamAttempts.map(({ who, what, layer, control }) => [
    who,
    what,
    layer,
    controlOf(control),
  ]),
)}
`;
}
