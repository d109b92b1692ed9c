import { attempts, type Layer } from "./attempts";

/** Where each layer stands in the way: what was tried for real, what is configured alone, and what is missing. */
const layers: Readonly<
  Record<
    Layer,
    Readonly<Record<"by" | "tried" | "clouds" | "existing", string>>
  >
> = {
  "network policy": {
    by: "kube-router's firewall on every node (local, onprem)",
    tried: "local: all attempts below. onprem: pods of strangers",
    clouds:
      "configured, never tried: the VPC CNI's on EKS, Dataplane V2 on GKE, Cilium on AKS",
    existing:
      "whatever enforces policies there; nobody asks whether anything does, and the ranges of nodes and pods are not known, so that they are not closed outwards",
  },
  roles: {
    by: "the API server",
    tried: "local",
    clouds: "the same objects, never tried",
    existing: "the same objects",
  },
  "admission policy": {
    by: "the API server (ValidatingAdmissionPolicy)",
    tried: "local, and on an API server alone in test/engine",
    clouds: "the same objects, never tried",
    existing: "the same objects; Kubernetes 1.30 or later",
  },
  "Pod Security": {
    by: "the API server (level restricted)",
    tried: "local",
    clouds: "the same labels, never tried",
    existing: "the same labels",
  },
  quota: {
    by: "the API server (ResourceQuota)",
    tried: "local",
    clouds: "the same objects, never tried",
    existing: "the same objects",
  },
  "no token": {
    by: "the platform's own pods, which ask for none",
    tried: "local",
    clouds: "the same pods, never tried",
    existing: "the same pods",
  },
  "object store": {
    by: "versitygw's accounts; on clouds, the roles of each identity",
    tried: "local",
    clouds: "configured, never tried",
    existing: "versitygw; at an endpoint of yours, whatever its keys may",
  },
};

const escaped = (text: string) => text.replaceAll("|", "\\|");
const row = (cells: readonly string[]) =>
  `| ${cells.map(escaped).join(" | ")} |`;
const rows = (head: readonly string[], body: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => "---")), ...body.map(row)].join("\n");

/** The page of the documentation. */
export function page(): string {
  return `# Security: what is refused, and by what

This page is made from \`test/red-team/attempts.ts\`, which the full local stack's suite runs: change it there, and write it
anew with \`UPDATE_DOCS=1 npm test\`.

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
data sets and models come as they always did; \`none\`; or a list of ranges. Closed in any case are the nodes with their
kubelets, the pods and services of others, and a cloud's metadata address.

- Policies know addresses and no names. On EKS, GKE and AKS the object store and the token service have public addresses
  that change: with \`none\`, port 443 stays open to every public address there. On AKS the API server is behind that as well,
  and on EKS port 443 of the VPC is, where it has its interfaces.
- On GKE the metadata address is open on port 80: workload identity answers there, in place of the node's metadata.
- A host of \`onprem\` with more addresses than the one in its stack's file is closed at that one alone: with \`all\`, its pods reach
  the others.
- The namespaces of Kubernetes itself (kube-system) and of the provisioner of local volumes have no policies; \`kubeflow\`
  and \`istio-system\` have them for what goes out alone.
- A firewall that learns of a pod a moment after its start lets it out for that moment (kube-router: less than a second).

## What members may do to their own team

Whoever has \`edit\` reads the team's secrets, runs pods as any account of the team, and so has what the team's accounts
have at the object store. What keeps a team's accounts apart are the tokens: a trainer, a model server, a notebook and an
executor have none, and a driver makes executors under its own account and nothing else.
Not held apart at all: raw events and features, which all teams read that a workload or notebook of theirs grants it to;
topics of the embedded Kafka; what is pushed to the Pushgateway under another team's name.

## What was tried

${attempts.length} attempts, each with a control: who may do the same, or what like it the same one may do. An attempt counts as
refused only when the layer that is named refused it, in its own words, and the control was let through.

${rows(
  ["from", "tries", "refused by", "the control: may"],
  attempts.map(({ who, what, layer, control }) => [
    who,
    what,
    layer,
    control.action === undefined
      ? `the ${control.who}, the same`
      : `the ${control.who}, the like within bounds`,
  ]),
)}
`;
}
