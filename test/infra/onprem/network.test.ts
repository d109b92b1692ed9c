import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { networkScript } from "../../../infra/onprem/network";
import { removeRules } from "../../../infra/onprem/reset";
import { host } from "./host";

const pods = "10.244.0.0/16";
const self = host("self", { address: "192.0.2.1" });
const member = host("member", { address: "192.0.2.12" });
const script = (members = [member]) =>
  networkScript(
    self,
    [
      { host: self, range: "10.244.0.0/24" },
      ...members.map((each) => ({ host: each, range: "10.244.1.0/24" })),
    ],
    pods,
  );

/**
 * Runs lines on a host of a network of its own, with a pod and a neighbour that has the address of a member and one of
 * a stranger; `reaches FROM TO` prints whether one does. Needs root.
 */
function onHost(lines: string): string[] {
  return execFileSync("unshare", ["--net", "--mount", "sh", "-eu"], {
    encoding: "utf8",
    input: `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
ip netns add lan
ip netns add pod
ip link add lan type veth peer name eth0 netns lan
ip link add pod type veth peer name eth0 netns pod
ip address add 192.0.2.1/24 dev lan
ip address add 10.244.0.1/24 dev pod
ip link set lan up
ip link set pod up
for address in 192.0.2.12 192.0.2.66; do ip -n lan address add $address/24 dev eth0; done
ip -n lan link set eth0 up
ip -n lan route add ${pods} via 192.0.2.1
ip -n pod address add 10.244.0.5/24 dev eth0
ip -n pod link set eth0 up
ip -n pod route add default via 10.244.0.1
server='
import socket
listener = socket.create_server(("", 80))
while True: listener.accept()
'
ip netns exec pod python3 -c "$server" & first=$!
ip netns exec lan python3 -c "$server" & second=$!
trap 'kill $first $second' EXIT
reaches() {
  program='
import socket, sys
try: socket.create_connection((sys.argv[2], 80), 0.5, (sys.argv[1], 0)); print("reaches")
except OSError as error: print("refused")
'
  case $1 in 10.*) ip netns exec pod python3 -c "$program" $1 $2 ;; *) ip netns exec lan python3 -c "$program" $1 $2 ;; esac
}
sleep 0.5
${lines}
`,
  })
    .trim()
    .split("\n");
}

describe("network of the hosts", function () {
  before(function () {
    if (process.getuid?.() !== 0) this.skip();
  });

  it("routes to every other host's pods, and not to its own", () => {
    assert.match(script(), /ip route replace 10\.244\.1\.0\/24 via/);
    assert.doesNotMatch(script(), /route replace 10\.244\.0\.0\/24/);
  });

  it("forwards to pods what comes from hosts and pods and through services, and no neighbour's", () => {
    assert.deepEqual(
      onHost(`
reaches 192.0.2.66 10.244.0.5
(${script()}) >/dev/null
reaches 192.0.2.66 10.244.0.5
reaches 192.0.2.12 10.244.0.5
# Replies to a pod's requests arrive from any address.
reaches 10.244.0.5 192.0.2.66
# The rule that kube-proxy adds for a service with a port of the hosts.
iptables -t nat -A PREROUTING -d 192.0.2.1 -p tcp --dport 80 -j DNAT --to-destination 10.244.0.5:80
reaches 192.0.2.66 192.0.2.1`),
      ["reaches", "refused", "reaches", "reaches", "reaches"],
    );
  });

  it("is the same after a second run, follows the hosts, and is gone after a reset", () => {
    const seen = onHost(`
(${script()}) >/dev/null
iptables-save | grep -v '^[#:]' | sort >/run/first
(${script()}) >/dev/null
iptables-save | grep -v '^[#:]' | sort >/run/second
cmp /run/first /run/second
(${script([])}) >/dev/null
reaches 192.0.2.12 10.244.0.5
iptables -t mangle -A FORWARD -s 198.51.100.0/24 -j ACCEPT
${removeRules}
iptables-save | grep -v -e '^[#*:]' -e COMMIT`);
    assert.deepEqual(seen, [
      "refused",
      "-A FORWARD -s 198.51.100.0/24 -j ACCEPT",
    ]);
  });
});
