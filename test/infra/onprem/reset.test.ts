import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { networkScript } from "../../../infra/onprem/network";
import { resetScript } from "../../../infra/onprem/reset";
import { markVolumeFolder } from "../../../infra/onprem/volumes";
import { host } from "./host";

const options = { keepVolumes: true, clusterStays: true };
const own = { id: "own", owner: "urn:a" };

/**
 * Runs lines as root of a network and of folders /etc and /var/lib of its own; needs root. Programs that a machine may
 * lack are only noted; what becomes of the packet filter is tested on the hosts of the cluster suite.
 */
function isolated(script: string): string {
  return execFileSync("unshare", ["--net", "--mount", "sh", "-eu"], {
    encoding: "utf8",
    input: `
mount --make-rprivate /
mount -t tmpfs tmpfs /var/lib
mkdir /var/lib/upper /var/lib/work
mount -t overlay -o lowerdir=/etc,upperdir=/var/lib/upper,workdir=/var/lib/work overlay /etc
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /usr/local
mkdir -p /etc/mlstack /etc/cni /usr/local/bin
mount -t tmpfs tmpfs /etc/cni
for program in kubeadm systemctl iptables iptables-restore ip6tables-restore; do
  printf '#!/bin/sh\\necho "$(basename "$0") $*" >>/var/lib/calls\\n' >/usr/local/bin/$program
  chmod +x /usr/local/bin/$program
done
PATH=/usr/local/bin:$PATH:/usr/sbin:/sbin
${script}
`,
  });
}

const marked =
  "printf 'id own\\nowner urn:a\\nstate complete\\n' >/etc/mlstack/cluster";
const volumes = "/var/lib/mlstack-volumes";

describe("a host that leaves", function () {
  before(function () {
    if (process.getuid?.() !== 0) this.skip();
  });

  it("is left alone where the mark is another's, or is none", () => {
    for (const mark of [marked.replace("id own", "id another"), "true"]) {
      const left = isolated(`
${mark}
mkdir -p /etc/kubernetes /var/lib/etcd/member ${volumes}
touch ${volumes}/data
(${resetScript(own, { ...options, keepVolumes: false })})
[ ! -e /var/lib/calls ]
find /etc/kubernetes /var/lib/etcd ${volumes}`);
      assert.deepEqual(left.trim().split("\n"), [
        "/etc/kubernetes",
        "/var/lib/etcd",
        "/var/lib/etcd/member",
        volumes,
        `${volumes}/data`,
      ]);
    }
  });

  it("loses what the cluster put there, and nothing else", () => {
    const left = isolated(`
${marked}
mkdir -p /etc/kubernetes/manifests /etc/kubernetes/theirs /etc/cni/net.d /var/lib/etcd/member /var/lib/cni/networks/mlstack /etc/outside
touch /etc/outside/data
ln -s /etc/outside /var/lib/etcd/member/link
touch /etc/cni/net.d/10-mlstack.conflist /etc/cni/net.d/20-theirs.conflist /etc/mlstack/network.sh /etc/mlstack/theirs
${markVolumeFolder("own")}
touch ${volumes}/data
(${resetScript(own, options)}) >/dev/null
grep -c 'kubeadm reset --force' /var/lib/calls
find /etc/cni /etc/mlstack /etc/outside /var/lib -type f | sort`);
    assert.deepEqual(left.trim().split("\n"), [
      "1",
      "/etc/cni/net.d/20-theirs.conflist",
      "/etc/mlstack/theirs",
      "/etc/outside/data",
      "/var/lib/calls",
      `${volumes}/data`,
    ]);
  });

  it("loses the pods that kubeadm has left, or says which stay", () => {
    /** @param stays calls of kubeadm after which no container is there */
    const after = (stays: number) =>
      isolated(`
${marked}
cat >/usr/local/bin/ctr <<'end'
#!/bin/sh
[ "$(grep -c kubeadm /var/lib/calls)" -ge ${stays} ] || printf 'aaa\\nbbb\\n'
end
chmod +x /usr/local/bin/ctr
sleep() { :; }
(${resetScript(own, options)}) 2>&1 || true
grep kubeadm /var/lib/calls | cut -d' ' -f2-4
ls /etc/mlstack 2>/dev/null || true`)
        .trim()
        .split("\n");
    const first = "reset --force --cleanup-tmp-dir";
    const again = "reset phase cleanup-node";
    assert.deepEqual(after(1), [first]);
    assert.deepEqual(after(3), [first, again, again]);
    assert.deepEqual(after(9), [
      "containers of the cluster stay on this host: aaa bbb ; end them, and go on with the next run",
      ...[first, again, again, again, again, again],
      // The next run finds the host marked.
      "cluster",
    ]);
  });

  it("loses its volumes only where the cluster made their folder, and through no link", () => {
    const after = (prepare: string) =>
      isolated(`
${marked}
mkdir -p /etc/elsewhere; touch /etc/elsewhere/data /etc/elsewhere/.mlstack-cluster
${prepare}
(${resetScript(own, { ...options, keepVolumes: false })}) >/dev/null
find ${volumes} /etc/elsewhere -name data 2>/dev/null || true`)
        .trim()
        .split("\n");
    const elsewhere = "/etc/elsewhere/data";
    const folder = markVolumeFolder("own");
    assert.deepEqual(after(`${folder}\ntouch ${volumes}/data`), [elsewhere]);
    assert.deepEqual(after(`mkdir -p ${volumes}/data\n${folder}`), [
      `${volumes}/data`,
      elsewhere,
    ]);
    assert.deepEqual(after(`ln -s /etc/elsewhere ${volumes}`), [elsewhere]);
    assert.deepEqual(
      after(
        `${folder}\nmkdir ${volumes}/mounted\nmount -t tmpfs tmpfs ${volumes}/mounted\ntouch ${volumes}/mounted/data ${volumes}/data || true`,
      ),
      [`${volumes}/mounted/data`, elsewhere],
    );
  });

  it("changes its routes without a moment in which those that stay are missing", () => {
    const others = ["a", "b", "c"].map((name, index) => ({
      host: host(name, { address: `10.9.0.${index + 1}` }),
      range: `10.244.${index}.0/24`,
    }));
    const self = host("self", { address: "10.9.0.9" });
    const [a, b, c] = others;
    assert.ok(a && b && c);
    const [before, after] = [
      [a, b],
      [b, c],
    ].map((ranges) => networkScript(self, ranges, "10.244.0.0/16"));
    const seen = isolated(`
ip link add dummy type veth peer name other
ip link set other up
ip address add 10.9.0.9/24 dev dummy
ip link set dummy up
(${before})
ip route add 10.250.0.0/24 via 10.9.0.1
ip monitor route >/var/lib/changes &
monitor=$!
sleep 0.3
(${after})
sleep 0.3
kill $monitor
sed 's/^/change /' /var/lib/changes
ip route show`);
    const routes = seen.split("\n").map((line) => line.trim());
    assert.deepEqual(
      routes
        .filter((line) => /^10\.2\d\d\./.test(line))
        .map((line) => line.split(" ")[0])
        .sort(),
      ["10.244.1.0/24", "10.244.2.0/24", "10.250.0.0/24"],
    );
    const deleted = routes.filter((line) => line.startsWith("change Deleted"));
    assert.deepEqual(
      deleted.map((line) => line.split(" ")[2]),
      ["10.244.0.0/24"],
    );
  });
});
