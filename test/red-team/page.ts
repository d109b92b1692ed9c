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

/** Where each layer stands in the way: what was tried for real, what is configured alone, and what is missing. */
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
      "whatever enforces policies there; nobody asks whether anything does, and the ranges of nodes and pods are not known, so that they are not closed outwards",
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
    by: "the platform's own pods, which ask for none",
    tried: "local, onprem",
    clouds: "the same pods, never tried",
    existing: "the same pods",
  },
  "object store": {
    by: "versitygw's accounts; on clouds, the roles of each identity",
    tried: "local, onprem",
    clouds: "configured, never tried",
    existing: "versitygw; at an endpoint of yours, whatever its keys may",
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
    ? `the ${who}, the same`
    : `the ${who}, the like within bounds`;

/** The page of the documentation. */
export function page(): string {
  return `# Security: what is refused, and by what

This page is made from \`test/red-team\`, which the suites of the full local stack and of the on-prem stack run: change it
there, and write it anew with \`UPDATE_DOCS=1 npm test\`.

## Where each layer holds

${rows(
  ["layer", "by", "tried for real", "eks, gke, aks", "existing"],
  Object.entries(layers).map(([layer, { by, tried, clouds, existing }]) => [
    layer,
    by,
    tried,
    clouds,
    existing,
  ]),
)}

## The network

Every namespace of the stack is closed in both directions. Open are, for a team: its own pods, the name servers, the API
server, the object store and where the identity for it is got, what the stack runs for it (Kafka, Redis, the Pushgateway,
Kubeflow Pipelines), and outside of the cluster what \`teams[].egress\` says: \`all\` unless given, so that packages,
data sets and models come as they always did; \`none\`; or a list of ranges. The pods that read a data set from a table of a
database also reach its host and port. A label selects them, and every member who may make pods can set it. Closed in any
case are the nodes with their kubelets, the pods and services of others, and a cloud's metadata address.

- Policies know addresses and no names. On EKS, GKE and AKS the object store and the token service have public addresses
  that change: with \`none\`, port 443 stays open to every public address there. On AKS the API server is behind that as well,
  and on EKS port 443 of the VPC is, where it has its interfaces.
- On GKE the metadata address is open on port 80: workload identity answers there, in place of the node's metadata.
- A host of \`onprem\` with more addresses than the one in its stack's file is closed at that one alone: with \`all\`, its pods reach
  the others.
- The namespaces of Kubernetes itself (kube-system) and of the provisioner of local volumes are closed on \`local\` and
  \`onprem\`, but for name service, the API server's own calls, and Prometheus; elsewhere they are the cluster's maker's.
  \`kubeflow\` and \`istio-system\` are closed outwards alone.
- On \`local\`, unless \`target.internet\` is false, pods reach with \`all\` whatever the machine itself reaches, its own network
  included. The machine's own addresses, as they were at the last \`up\`, and a cloud's metadata address are refused.
- A firewall that learns of a pod a moment after its start lets it out for that moment (kube-router: less than a second).

## What is written down, and what lies encrypted

On \`local\` and \`onprem\` each API server keeps an audit log: who asked for what, and how it was answered, which names who
was refused; of secrets, roles, commands in pods and policies whoever asked, of the rest whoever is not Kubernetes itself. It
has no contents of objects, and at most 1 GB, rotated and compressed: \`audit/audit.log\` in the local cluster's folder, \`/var/log/kubernetes/audit\`
on each control-plane host. Secrets are encrypted in etcd (XSalsa20-Poly1305), with a key that is made with the cluster and
lies with its certificates alone; nothing rotates it. Volumes and buckets are not encrypted by the program: encrypt the disk.
EKS, GKE and AKS have logs and encryption of their own, as their stacks configure them.

## What a team may take of a node

A container writes \`quota.nodeDisk\` to its node's disk at most, and a team's pods reserve \`quota.nodeDisks\` of all disks
together; of a disk that runs full, the kubelet evicts first who wrote more than it reserved. A pod of a team neither tolerates the
taint of control planes, nor all taints, nor names its node. On \`local\` and \`onprem\` a pod has ${podPidsLimit} processes and
threads at most; on clouds and \`existing\` the number is the cluster's own. An on-prem cluster of before keeps its kubelets'
settings until \`podPidsLimit\` is written into the ConfigMap \`kubelet-config\` of kube-system, which the next upgrade hands on.

| | local, onprem | eks, gke, aks | existing |
| --- | --- | --- | --- |
| the size of a claim | **not enforced**: a volume is a folder of its node's disk, and whoever writes to it fills the disk. On the hosts of onprem, mount a file system of its own at \`${volumeFolder}\` | by the cloud's disk | by its storage class |
| what all claims ask for | quota (\`quota.storage\`) | the same | the same |

What Prometheus takes from a team's pods is bounded as well, in a job of the team's own: ${ofTeam.samples} samples and
${ofTeam.bodySize.replace("MB", " MB")} of a pod, ${ofTeam.targets} pods. New names at every scrape still fill it, slowly.

## What members may do to their own team

Whoever has \`edit\` reads the team's secrets, runs pods as any account of the team, and so has what the team's accounts
have at the object store. What keeps a team's accounts apart are the tokens: a trainer, a model server, a notebook and an
executor have none, and a driver makes executors under its own account and nothing else. They read the secrets and claims
alone that the workload declares (a role lets the account \`mount\` them by name), the account's own key pair, claims that
Spark made for them, and what is called \`ACCOUNT.NAME\`: so name what an application of a member's own hands to its executors.
A pipeline or a drift watch starts Spark applications of the accounts that it was declared with, with the same bounds.
Not held apart at all: raw events and features, which every team with a workload or notebook that is granted them reads whole;
topics of the embedded Kafka; what is pushed to the Pushgateway under another team's name; the bucket \`models\`, unless the
teams have \`ownModels\`.

## What is known and not refused

Found by reading the code, and not mended yet; none is among the attempts below.

- Whoever runs a folder of somebody else's (\`run\`, \`up\`) runs its code as root on the own machine: the image builder gives
  the steps of a Dockerfile, and what pip runs while it installs, the rights of root there. Treat a folder as you would a
  script. Its declaration alone takes no file from outside of the folder, and links that lead out are refused.
- With \`kubeflow.pipelines\` (never started here): KFP's API has no login, and lets a team with a pipeline run steps under any
  account of the namespace \`kubeflow\`. More than one team is refused; be sure that the one may be trusted with the cluster.
- A quota counts the objects of a kind, not how large they are nor how often they are written: whoever makes them as large
  as they may be (1.5 MB) can still fill etcd. The kinds of the operators are counted by nothing but their pods.
- Members of a team choose the labels of its pods. \`mlstack logs\` and \`open\` look for a job's or a service's pods by these in
  their team's namespace, so that one member's pod may stand for another's there.
- Drivers of one team know no bounds between their ConfigMaps, their table locks (Leases) and the claims that Spark makes for
  their executors: the token of one replaces what another's executors read at their start, and takes its locks.
- The operator looks patterns such as \`s3a://b/*.jar\` up by the application's own \`hadoopConf\`: with classes of its image, to
  addresses that its namespace's policy leaves open. No file of its pod leaves it so, since uploads are refused.
- On clouds that make a load balancer of an Ingress, a member makes as many as \`quota.objects\` says; the team's policy lets
  nobody through them, but they cost.
- With \`kubeflow.profiles\`, whoever reaches \`profiles-kfam\` in \`kubeflow\` is who its header says, and may make a namespace
  that no policy of the teams is for. Teams' pods do not reach it where policies are enforced.
- Name servers of on-prem hosts and clouds forward queries, so that names carry data out where \`egress\` is \`none\`.
- A flood of long requests (1 MB at most, of anybody whom the API server knows) still pushes older entries out of the audit
  log's 1 GB: copy it elsewhere where that counts.

## What was tried

${attempts.length} attempts, each with a control: who may do the same, or what like it the same one may do. An attempt counts as
refused only when the layer that is named refused it, in its own words, and the control was let through. Each is made by the
suite of a target, but for what its stack does not have:

${targetNames
  .map(
    (target) =>
      `- ${target}: ${attemptsOn(target).length}, in \`${targets[target].suite}\``,
  )
  .join("\n")}

${rows(
  [
    "from",
    "tries",
    ...targetNames.map((target) => `${target}: refused by`),
    "the control: may",
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

At what a stream brings, in \`${streamSuite}\` on the local target, ${streamAttempts.length} more:

${rows(
  ["from", "tries", "local: refused by", "the control: may"],
  streamAttempts.map(({ who, what, layer, control }) => [
    who,
    what,
    layer,
    controlOf(control),
  ]),
)}
`;
}
