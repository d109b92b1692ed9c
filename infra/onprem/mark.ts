import { quoted } from "./shell";

/** Stage of a host: joining, in the cluster, or in a cluster whose creation was completed. */
export type MarkState = "begun" | "joined" | "complete";

/** A host's own record of the cluster that it is in. */
export interface ClusterMark {
  /** Random ID of the cluster; empty in marks of releases before there were IDs. */
  readonly id: string;
  /** URN of the resource that made it. */
  readonly owner: string;
  readonly state: MarkState;
}

/** A cluster as its state knows it. */
export type ClusterIdentity = Pick<ClusterMark, "id" | "owner">;

/** File of the mark on a host. */
export const markFile = "/etc/mlstack/cluster";

/** Text of the mark. */
export function markText({ id, owner, state }: ClusterMark): string {
  return `id ${id}\nowner ${owner}\nstate ${state}\n`;
}

/** Reads a mark; undefined where the text is none. */
export function readMark(text: string): ClusterMark | undefined {
  const lines = text.trim().split("\n");
  const value = (key: string) =>
    lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1);
  const [id, owner, state] = [value("id"), value("owner"), value("state")];
  if (id && owner && isState(state)) return { id, owner, state };
  // Releases before there were IDs wrote the owner alone, for hosts of whole and of half made clusters alike.
  const [only = ""] = lines;
  return lines.length === 1 && only.startsWith("urn:")
    ? { id: "", owner: only, state: "complete" }
    : undefined;
}

/** Relation of a marked host to a cluster. */
export type Membership = "member" | "unfinished" | "foreign";

/**
 * Judges a mark. A host that only began to join belongs to whoever has the same URN, since nothing can be lost on it;
 * everything else is told by the ID.
 */
export function membership(
  mark: ClusterMark,
  cluster: ClusterIdentity,
): Membership {
  const same = hasId(mark, cluster);
  if (same && mark.state !== "begun") return "member";
  const unfinished = mark.state !== "complete" && mark.owner === cluster.owner;
  return same || unfinished ? "unfinished" : "foreign";
}

/** Condition in a host's shell that its mark is this one's. */
export function markCondition(mark: Pick<ClusterMark, "id" | "owner">): string {
  const line = mark.id === "" ? mark.owner : `id ${mark.id}`;
  return `grep -qxF ${quoted(line)} ${markFile} 2>/dev/null`;
}

function isState(text: string | undefined): text is MarkState {
  return text === "begun" || text === "joined" || text === "complete";
}

// A cluster that was made before there were IDs has its name in the ID's place in the state, and none in its marks.
function hasId(mark: ClusterMark, { id, owner }: ClusterIdentity): boolean {
  return mark.id === ""
    ? mark.owner === owner && !isRandomId(id)
    : mark.id === id;
}

/** A new cluster's ID. */
export function newClusterId(): string {
  return crypto.randomUUID();
}

function isRandomId(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
}
