import { execute } from "./execute";
import type { ClusterNode, Layout } from "./layout";

const bridge = "br0";

/**
 * Sets up the control plane's network: a bridge that is the cluster's Ethernet, and the host's link to it. The bridge
 * lies in the control plane's namespace and not on the host, where a firewall would see what nodes say to each other.
 * No machine has a default route, so nothing inside reaches further than the host's own address, unless
 * {@link connectInternet} adds one.
 */
export async function connectControlPlane(
  layout: Layout,
  pid: number,
): Promise<void> {
  await ip(pid, [
    "link set lo up",
    `link add ${bridge} type bridge forward_delay 0`,
    `addr add ${layout.gateway}/${layout.prefix} dev ${bridge}`,
    `link set ${bridge} up`,
  ]);
  await ip(undefined, [
    `link add ${layout.hostLink} type veth peer name host netns ${pid}`,
    `addr add ${layout.host}/${layout.prefix} dev ${layout.hostLink}`,
    `link set ${layout.hostLink} up`,
  ]);
  await ip(pid, [`link set host master ${bridge} up`]);
}

/** Sets up a node's network: its link to the bridge, and forwarding between it and the node's pods. */
export async function connectNode(
  layout: Layout,
  controlPlanePid: number,
  node: ClusterNode,
  pid: number,
): Promise<void> {
  const port = `node${node.index}`;
  await ip(pid, [
    "link set lo up",
    `link add eth0 type veth peer name ${port} netns ${controlPlanePid}`,
    `addr add ${layout.addressOf(node)}/${layout.prefix} dev eth0`,
    "link set eth0 up",
  ]);
  await ip(controlPlanePid, [`link set ${port} master ${bridge} up`]);
  await forward(pid);
  await inNamespace(pid, "sh", [
    "-c",
    // Traffic from a pod to a service backed by a pod on the same node crosses the bridge twice, and its replies must
    // be translated back by iptables.
    "[ ! -e /proc/sys/net/bridge ] || echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables",
  ]);
}

/** Tells every machine and the host by which node the pods of each node are reached, and by any node the services. */
export async function routePods(
  layout: Layout,
  nodes: readonly ClusterNode[],
  units: ReadonlyMap<string, number>,
): Promise<void> {
  const routes = (self: ClusterNode | undefined) =>
    nodes
      .filter((node) => node !== self)
      .map(
        (node) =>
          `route replace ${layout.podRange(node)} via ${layout.addressOf(node)}`,
      );
  const first = nodes[0];
  const services = first
    ? [
        `route replace ${layout.place.serviceCidr} via ${layout.addressOf(first)}`,
      ]
    : [];
  await ip(undefined, [...routes(undefined), ...services]);
  for (const [unit, pid] of units) {
    await ip(pid, routes(nodes.find(({ name }) => name === unit)));
  }
}

/** Forgets the routes to a node that is going to be removed. */
export async function unroutePods(
  layout: Layout,
  node: ClusterNode,
  units: ReadonlyMap<string, number>,
): Promise<void> {
  const commands = [`route flush ${layout.podRange(node)}`];
  await ip(undefined, commands);
  for (const [unit, pid] of units)
    if (unit !== node.name) await ip(pid, commands);
}

/** Removes the host's link, which the end of the control plane's namespace removes a moment later by itself. */
export async function disconnectHost(layout: Layout): Promise<void> {
  const links = await execute("ip", ["-o", "link", "show"]);
  if (!links.includes(` ${layout.hostLink}@`)) return;
  await execute("ip", ["link", "delete", layout.hostLink]).catch(
    (error: unknown) => {
      if (!String(error).includes("Cannot find device")) throw error;
    },
  );
}

/** Runs lines of `ip`, on the host or in the network namespace of a process. */
export async function ip(
  pid: number | undefined,
  commands: readonly string[],
): Promise<void> {
  const input = `${commands.join("\n")}\n`;
  if (pid === undefined) await execute("ip", ["-batch", "-"], { input });
  else await inNamespace(pid, "ip", ["-batch", "-"], input);
}

/** Has a machine forward packets between its devices. @param pid process whose network namespace is the machine's */
export async function forward(pid: number): Promise<void> {
  await inNamespace(pid, "sh", ["-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]);
}

async function inNamespace(
  pid: number,
  file: string,
  args: readonly string[],
  input?: string,
): Promise<void> {
  await execute("nsenter", [`--net=/proc/${pid}/ns/net`, file, ...args], {
    input,
  });
}
