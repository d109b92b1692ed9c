import { createHash } from "node:crypto";
import { join } from "node:path";

import { z } from "zod";

import { address, parseCidr, subnet } from "../network/cidr";
import { describeProblem } from "../problem";
import {
  type ClusterInputs,
  type ClusterPlace,
  dataFolderSchema,
  placeSchema,
} from "./inputs";

/** A node: its place in the cluster never changes while it exists. */
export interface ClusterNode {
  readonly name: string;
  readonly pool: string;
  readonly gpus: number;
  /** Index of its addresses in the cluster's ranges. */
  readonly index: number;
}

/** The control plane's machine, which is no node. */
export const controlPlane = "control-plane";

/** Port of the image registry on the gateway. */
export const registryPort = 5000;

/** Domain of the services. */
export const clusterDomain = "cluster.local";

/** Address and port at which every machine of a cluster, and this one, reach its API server. */
export function apiAddress({
  subnet,
  apiPort,
}: Pick<ClusterPlace, "subnet" | "apiPort">): string {
  return `${address(subnet, 1)}:${apiPort}`;
}

/** Paths and addresses of a cluster. */
export class Layout {
  /** Folder with everything of the cluster. */
  readonly state: string;
  readonly pki: string;
  readonly logs: string;
  /** Folder of the API server's audit log. */
  readonly audit: string;
  readonly auditPolicy: string;
  /** File with the key to the secrets in etcd. */
  readonly encryption: string;
  /** Persistent volumes, at the same path on the host and on every node. */
  readonly volumes: string;
  /** Path of the cluster in every cgroup hierarchy. */
  readonly cgroup: string;
  /** The control plane's address: API server and image registry. */
  readonly gateway: string;
  /** The host's address in the subnet. */
  readonly host: string;
  /** The host's end of the link to the cluster. */
  readonly hostLink: string;
  readonly server: string;
  readonly registry: string;
  readonly dns: string;

  /** Name, folder and addresses. */
  readonly place: ClusterPlace;

  /** @throws when name, folder or a range are not what the schema allows: whatever is stored is checked again here */
  constructor(place: ClusterPlace) {
    this.place = checked(place);
    const { name, dataDir, serviceCidr } = this.place;
    this.state = join(dataDir, name);
    this.pki = join(this.state, "pki");
    this.logs = join(this.state, "logs");
    this.audit = join(this.state, "audit");
    this.auditPolicy = join(this.pki, "audit-policy.json");
    this.encryption = join(this.pki, "encryption.json");
    this.volumes = join(this.state, "volumes");
    this.cgroup = `/mlstack/${name}-${digest(this.state)}`;
    this.gateway = address(this.place.subnet, 1);
    // The last one of a range is its broadcast address.
    this.host = address(this.place.subnet, 2 ** (32 - this.prefix) - 2);
    // The kernel takes 15 characters.
    this.hostLink = `mlstack-${digest(this.state)}`;
    this.server = `https://${apiAddress(this.place)}`;
    this.registry = `${this.gateway}:${registryPort}`;
    this.dns = address(serviceCidr, 10);
  }

  /** A file or folder of the cluster. */
  at(...parts: string[]): string {
    return join(this.state, ...parts);
  }

  /** Folder of a machine, relative to the state folder. */
  unit(name: string): string {
    return name === controlPlane ? name : `nodes/${name}`;
  }

  /** A file or folder of a node. */
  ofNode(node: ClusterNode, ...parts: string[]): string {
    return this.at("nodes", node.name, ...parts);
  }

  /** A node's address. */
  addressOf(node: ClusterNode): string {
    return address(this.place.subnet, node.index + 2);
  }

  /** Bits of the machines' range that all of them share. */
  get prefix(): number {
    return bitsOf(this.place.subnet);
  }

  /** Addresses of a node's pods. */
  podRange(node: ClusterNode): string {
    const { podCidr } = this.place;
    return subnet(podCidr, 24 - bitsOf(podCidr), node.index);
  }
}

// A default has no place here: what a stored value lacks may be anything.
const storedSchema = z.object({
  ...placeSchema.shape,
  dataDir: dataFolderSchema,
});

function checked(place: ClusterPlace): ClusterPlace {
  const { data, error } = storedSchema.safeParse(place);
  if (data) return data;
  const [issue] = error.issues;
  const key = String(issue?.path[0]);
  throw new Error(
    describeProblem({
      path: `target.${key}`,
      value: Reflect.get(place, key),
      remedy: issue?.message ?? "is not valid",
    }),
  );
}

/** The nodes that the pools ask for; nodes that exist keep their place. */
export function placeNodes(
  inputs: Pick<ClusterInputs, "pools">,
  existing: readonly ClusterNode[],
): ClusterNode[] {
  const wanted = inputs.pools.flatMap((pool) =>
    Array.from({ length: pool.count }, (_, index) => ({
      name: `${pool.name}-${index}`,
      pool: pool.name,
      gpus: pool.gpus,
    })),
  );
  const kept = existing.filter((node) =>
    wanted.some(({ name, gpus }) => name === node.name && gpus === node.gpus),
  );
  const taken = new Set(kept.map((node) => node.index));
  const firstFree = (): number => {
    let index = 0;
    while (taken.has(index)) index++;
    taken.add(index);
    return index;
  };
  return wanted.map(
    (node) =>
      kept.find(({ name }) => name === node.name) ?? {
        ...node,
        index: firstFree(),
      },
  );
}

function bitsOf(range: string): number {
  return parseCidr(range)?.bits ?? 32;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 7);
}
