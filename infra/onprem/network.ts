import type { Host } from "./hosts";

/** Number by which the routes of this program are told from others. */
export const routeProtocol = 91;

/** A host, and the addresses of its pods. */
export interface PodRange {
  readonly host: Host;
  readonly range: string;
}

/** Configuration of the pods' bridge on a host; packets to the pods of other hosts are routed. */
export function cniConfig(range: string): string {
  return JSON.stringify(
    {
      cniVersion: "1.0.0",
      name: "mlstack",
      plugins: [
        {
          type: "bridge",
          bridge: "mlstack0",
          isGateway: true,
          hairpinMode: true,
          ipMasq: false,
          ipam: {
            type: "host-local",
            ranges: [[{ subnet: range }]],
            routes: [{ dst: "0.0.0.0/0" }],
          },
        },
        { type: "portmap", capabilities: { portMappings: true } },
      ],
    },
    null,
    2,
  );
}

/** Network settings of every host before kubeadm's preflight. */
export const forwardingLines = `
modprobe -a overlay br_netfilter 2>/dev/null || true
echo 1 >/proc/sys/net/ipv4/ip_forward
[ ! -e /proc/sys/net/bridge ] || echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
`;

/**
 * Lines that route to the pods of every other host and give pods the host's address on their way out. Hosts must share
 * a network segment; nothing has to be downloaded, and nothing is wrapped.
 */
export function networkScript(
  self: Host,
  all: readonly PodRange[],
  pods: string,
): string {
  const others = all.filter(({ host }) => host.name !== self.name);
  const routes = others.map(
    ({ host, range }) =>
      `ip route replace ${range} via ${host.address} proto ${routeProtocol}`,
  );
  const rules = [
    `-t nat POSTROUTING -s ${pods} ! -d ${pods} -m comment --comment mlstack -j MASQUERADE`,
    `-t filter FORWARD -s ${pods} -m comment --comment mlstack -j ACCEPT`,
    `-t filter FORWARD -d ${pods} -m comment --comment mlstack -j ACCEPT`,
    // Before the filter table, in which kube-router accepts what the network policies admit.
    `-t mangle FORWARD -d ${pods} -m comment --comment mlstack -j ${guardChain}`,
  ].map((rule) => {
    const [table, chain, rest] = splitRule(rule);
    return `iptables ${table} -C ${chain} ${rest} 2>/dev/null || iptables ${table} -A ${chain} ${rest}`;
  });
  return [
    "#!/bin/sh",
    "set -eu",
    "PATH=$PATH:/usr/sbin:/sbin",
    forwardingLines.trim(),
    ...routes,
    // Delete the routes of hosts that left the cluster; routes that remain are never interrupted.
    `ip route show proto ${routeProtocol} | while read -r range _; do`,
    `  case " ${others.map(({ range }) => range).join(" ")} " in`,
    '    *" $range "*) ;;',
    `    *) ip route delete "$range" proto ${routeProtocol} ;;`,
    "  esac",
    "done",
    guardScript(all, pods),
    ...rules,
    "",
  ].join("\n");
}

/** Chain of what may be forwarded to pods. */
const guardChain = "MLSTACK-PODS";

/**
 * Lines that fill the chain in one step: pods are reached from pods, from the cluster's hosts, and as what a service
 * with a port of the hosts leads to. Without it, whoever is in the hosts' network could route to them.
 */
function guardScript(all: readonly PodRange[], pods: string): string {
  const sources = [pods, ...all.map(({ host }) => host.address)];
  return [
    "iptables-restore --wait 10 --noflush <<END",
    "*mangle",
    `:${guardChain} - [0:0]`,
    ...[
      "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
      "-m conntrack --ctstate DNAT -j RETURN",
      ...sources.map((source) => `-s ${source} -j RETURN`),
      "-j DROP",
    ].map((rule) => `-A ${guardChain} ${rule}`),
    "COMMIT",
    "END",
  ].join("\n");
}

function splitRule(rule: string): [string, string, string] {
  const [, table = "", chain = "", rest = ""] =
    /^(-t \w+) (\w+) (.*)$/.exec(rule) ?? [];
  return [table, chain, rest];
}

/** Path of the script on a host, which runs at each start. */
export const networkFile = "/etc/mlstack/network.sh";

/** Runs them now, and at each start of a host that systemd runs. */
export const applyNetworkScript = `
sh ${networkFile}
if [ -d /run/systemd/system ]; then
cat >/etc/systemd/system/mlstack-network.service <<'END'
[Unit]
Description=Routes to the pods of the other hosts
After=network-online.target
Wants=network-online.target
[Service]
Type=oneshot
ExecStart=/bin/sh ${networkFile}
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable mlstack-network.service
fi
`;
