import { createHash } from "node:crypto";
import { join } from "node:path";

import { address, parseCidr, subnet } from "../cidr";
import type { ClusterInputs } from "./inputs";

/** A node: its place in the cluster never changes while it exists. */
export interface ClusterNode {
  readonly name: string;
  readonly pool: string;
  readonly gpus: number;
  /** Which addresses it has. */
  readonly index: number;
}

/** The control plane's machine, which is no node. */
export const controlPlane = "control-plane";

/** Port of the image registry on the gateway. */
export const registryPort = 5000;

/** Domain of the services. */
export const clusterDomain = "cluster.local";

/** Where everything of a cluster lies and how it is addressed. */
export class Layout {
  /** Folder with everything of the cluster. */
  readonly state: string;
  /** Present while one process makes or removes the cluster. */
  readonly lock: string;
  readonly pki: string;
  readonly logs: string;
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

  constructor(readonly inputs: ClusterInputs) {
    const { name, dataDir } = inputs;
    this.state = join(dataDir, name);
    this.lock = join(dataDir, `${name}.lock`);
    this.pki = join(this.state, "pki");
    this.logs = join(this.state, "logs");
    this.volumes = join(this.state, "volumes");
    this.cgroup = `/mlstack/${name}-${digest(this.state)}`;
    this.gateway = address(inputs.subnet, 1);
    // The last one of a range is its broadcast address.
    this.host = address(inputs.subnet, 2 ** (32 - this.prefix) - 2);
    // The kernel takes 15 characters.
    this.hostLink = `mlstack-${digest(this.state)}`;
    this.server = `https://${this.gateway}:${inputs.apiPort}`;
    this.registry = `${this.gateway}:${registryPort}`;
    this.dns = address(inputs.serviceCidr, 10);
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
    return address(this.inputs.subnet, node.index + 2);
  }

  /** Bits of the machines' range that all of them share. */
  get prefix(): number {
    return bitsOf(this.inputs.subnet);
  }

  /** Addresses of a node's pods. */
  podRange(node: ClusterNode): string {
    const { podCidr } = this.inputs;
    return subnet(podCidr, 24 - bitsOf(podCidr), node.index);
  }
}

/** The nodes that the pools ask for; nodes that exist keep their place. */
export function placeNodes(
  inputs: ClusterInputs,
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
