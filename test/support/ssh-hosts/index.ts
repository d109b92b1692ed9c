import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { registryStorage } from "../../../infra/supply/images";
import { terminalProgress } from "../../../infra/supply/steps";
import { ensureTools } from "../../../infra/supply/toolchain/build";
import { cacheFolder, toolPath } from "../../../infra/supply/toolchain/tools";
import {
  cgroupProcesses,
  makeCgroup,
  removeCgroup,
} from "../../../infra/local/cgroups";

/** A host that the test made. */
export interface TestHost {
  readonly name: string;
  readonly address: string;
}

/** Machines on a network of their own, each with an SSH server, as processes of this one. */
export interface TestHosts {
  readonly hosts: readonly TestHost[];
  /** Private key that every host lets in as root. */
  readonly key: string;
  /** An address of their network that no host has. */
  readonly unused: string;
  /** Address and port behind which those hosts answer that have an API server. */
  readonly endpoint: string;
  /** Registry that takes images from this machine, and that every host pulls from under this name. */
  readonly registry: string;
  /** Folder of a host's logs. */
  logs(name: string): string;
  /** Puts another program in the place of one of a host's. */
  install(name: string, program: string, file: string): void;
  /** Ends every connection to a host, as where the network between is gone. */
  sever(name: string): Promise<void>;
  /** Ends a host as a power cut does. */
  cut(name: string): void;
  remove(): Promise<void>;
}

// Names and addresses depend on the process, so that two runs do not collide.
const network = `10.93.${process.pid % 256}`;
const link = `mlh-${process.pid}`;
const gateway = `${network}.254`;
const nowhere = `${network}.253`;
const registryPort = 5000;
const apiPort = 6443;
const cgroup = `mlstack-test-hosts/${process.pid}`;

/** Configuration that the programs of a host need where the host is a process of this machine. */
export const hostConfiguration = {
  // This machine may have cgroups of version 1 and may lack CAP_SYS_RESOURCE, and its connection table is shared.
  kubelet: {
    cgroupDriver: "cgroupfs",
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    // The disk is this machine's: what counts is what is left, not the share that others use.
    evictionHard: { "nodefs.available": "1Gi", "imagefs.available": "1Gi" },
    imageGCHighThresholdPercent: 99,
    imageGCLowThresholdPercent: 98,
  },
  kubeProxy: { conntrack: { maxPerCore: 0, min: 0 }, oomScoreAdj: 0 },
  ignorePreflightErrors: ["SystemVerification"],
};

/** Script that shows what a host has of a cluster, as far as it can be seen from outside. */
export const hostTraces = `
PATH=$PATH:/usr/sbin
ls -d /etc/mlstack /etc/kubernetes /var/log/kubernetes /etc/cni/net.d/10-mlstack.conflist /var/lib/etcd/member 2>/dev/null || true
ip -o link show mlstack0 2>/dev/null || true
ip route show proto 91
iptables-save | grep -e KUBE- -e mlstack || true
ctr --namespace k8s.io containers list --quiet
ps -e -o comm= | grep -e '^kube' -e '^etcd' || true
`;

const programs = [
  "kubeadm",
  "kubelet",
  "kubectl",
  "containerd",
  "containerd-shim-runc-v2",
  "ctr",
];

/** Makes hosts; {@link TestHosts.remove} leaves nothing of them. */
export async function makeHosts(names: readonly string[]): Promise<TestHosts> {
  // Tests alone need some of them, so that `prepare` leaves these out.
  await ensureTools(programs, terminalProgress);
  mkdirSync(cacheFolder(), { recursive: true });
  const state = mkdtempSync(join(cacheFolder(), "test-hosts-"));
  const children = new Map<string, ChildProcess>();
  const remove = async () => {
    for (const child of children.values()) child.kill("SIGKILL");
    for (let tries = 0; tries < 100; tries++) {
      const left = await cgroupProcesses(cgroup);
      if (left.length === 0) break;
      for (const pid of left) kill(pid);
      await pause(50);
    }
    await removeCgroup(cgroup);
    run("ip", "link", "delete", link, { quiet: true });
    rmSync(state, { recursive: true, force: true });
  };
  try {
    const key = prepare(state);
    const wires = spawn("unshare", ["--net", "sleep", "infinity"]);
    children.set("switch", wires);
    await pause(300);
    connectSwitch(wires.pid ?? 0);
    const address = `${gateway}:${registryPort}`;
    children.set("registry", startRegistry(state, "registry", address, true));
    const registry = `127.0.0.1:${await freePort()}`;
    children.set("pushes", startRegistry(state, "pushes", registry, false));
    const hosts = names.map((name, index) => ({
      name,
      address: `${network}.${index + 11}`,
    }));
    const addresses = hosts.map((host) => host.address);
    children.set("load-balancer", startLoadBalancer(state, addresses));
    for (const host of hosts) {
      children.set(host.name, await start(state, host, wires.pid ?? 0));
    }
    await Promise.all(hosts.map(answers));
    return {
      hosts,
      key,
      unused: `${network}.99`,
      endpoint: `${gateway}:${apiPort}`,
      registry,
      logs: (name) => join(state, name),
      install: (name, program, file) =>
        install(join(state, name, "bin", program), file),
      sever: (name) => sever(name),
      cut: (name) => children.get(name)?.kill("SIGKILL"),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function connectSwitch(pid: number): void {
  const inside = (...args: readonly string[]) =>
    run("nsenter", `--net=/proc/${pid}/ns/net`, "ip", ...args);
  inside("link", "set", "lo", "up");
  inside("link", "add", "br0", "type", "bridge", "forward_delay", "0");
  inside("addr", "add", `${nowhere}/24`, "dev", "br0");
  inside("link", "set", "br0", "up");
  run(
    "ip",
    ...["link", "add", link, "type", "veth"],
    ...["peer", "name", "machine", "netns", String(pid)],
  );
  run("ip", "addr", "add", `${gateway}/24`, "dev", link);
  run("ip", "link", "set", link, "up");
  inside("link", "set", "machine", "master", "br0", "up");
}

/** Writes what all hosts share, and gives the key that opens them. */
function prepare(state: string): string {
  for (const script of readdirSync(__dirname).filter((file) =>
    file.endsWith(".sh"),
  )) {
    copyFileSync(join(__dirname, script), join(state, script));
  }
  unpackSshServer(state);
  for (const key of ["host", "client"]) {
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(state, key));
  }
  return readFileSync(join(state, "client"), "utf8");
}

/** Debian's server and its libraries, into the test's folder: this machine is to have none that runs. */
function unpackSshServer(state: string): void {
  const folder = join(state, "openssh");
  mkdirSync(folder);
  const libraries = ["libwrap0", "libnsl2", "libtirpc3"];
  run("apt-get", "download", "openssh-server", ...libraries, { cwd: folder });
  for (const archive of readdirSync(folder))
    run("dpkg-deb", "-x", join(folder, archive), folder);
}

/** The local stack's images, and what is pushed; the hosts may only read, so theirs is another door to the same. */
function startRegistry(
  state: string,
  name: string,
  address: string,
  readonly: boolean,
): ChildProcess {
  const config = join(state, `${name}.json`);
  writeFileSync(
    config,
    JSON.stringify({
      version: "0.1",
      log: { level: "warn", accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: registryStorage() },
        maintenance: {
          readonly: { enabled: readonly },
          uploadpurging: { enabled: false },
        },
      },
      http: { addr: address },
    }),
  );
  const log = openSync(join(state, `${name}.log`), "a");
  return spawn(toolPath("registry"), ["serve", config], {
    stdio: ["ignore", log, log],
  });
}

/** A process of its own: a test that waits for kubectl answers nobody meanwhile. */
function startLoadBalancer(
  state: string,
  addresses: readonly string[],
): ChildProcess {
  const log = openSync(join(state, "load-balancer.log"), "a");
  const script = join(__dirname, "load-balancer.mjs");
  return spawn(
    process.execPath,
    [script, gateway, String(apiPort), ...addresses],
    { stdio: ["ignore", log, log] },
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function start(
  state: string,
  host: TestHost,
  switchPid: number,
): Promise<ChildProcess> {
  const home = join(state, host.name);
  for (const folder of ["etc", "root", "bin"])
    mkdirSync(join(home, folder), { recursive: true });
  for (const program of programs)
    install(join(home, "bin", program), toolPath(program));
  const systemctl = join(home, "bin/systemctl");
  copyFileSync(join(__dirname, "systemctl.sh"), systemctl);
  chmodSync(systemctl, 0o755);
  const files: Record<string, string> = {
    "containerd.toml": containerdConfig(state),
    sshd_config: sshdConfig(state, host),
    // A company's image greets each login, those without a terminal too.
    "root/.bashrc": 'echo "Welcome to $(hostname)"\n',
    "etc/passwd": passwords(join(home, "root")),
    "etc/machine-id": `${randomUUID().replaceAll("-", "")}\n`,
    "etc/hosts": `127.0.0.1 localhost\n${host.address} ${host.name}\n`,
    "etc/resolv.conf": `nameserver ${nowhere}\n`,
  };
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(home, name), text);
  const groups = await makeCgroup(`${cgroup}/${host.name}`);
  const enter = groups
    .map((group) => `echo 0 >${group}/cgroup.procs`)
    .join("\n");
  const log = openSync(join(home, "init.log"), "a");
  const child = spawn(
    "sh",
    [
      "-euc",
      `${enter}\nexec unshare --net --uts --ipc --cgroup --mount-proc --pid --fork --kill-child sh "$0/init.sh" "$0" "$1"`,
      state,
      host.name,
    ],
    {
      stdio: ["pipe", "pipe", log],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root" },
    },
  );
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("exit", () =>
      reject(
        new Error(
          `${host.name}: ${readFileSync(join(home, "init.log"), "utf8")}`,
        ),
      ),
    );
  });
  connect(host, child.pid ?? 0, switchPid);
  child.stdin?.end("start\n");
  return child;
}

/** As a package does: in the place of the earlier one, which goes on running where it runs. */
function install(path: string, program: string): void {
  rmSync(path, { force: true });
  symlinkSync(program, path);
}

function passwords(home: string): string {
  const others = readFileSync("/etc/passwd", "utf8").replace(/^root:.*\n/m, "");
  return `root:x:0:0:root:${home}:/bin/bash\n${others}sshd:x:2222:65534::/run/sshd:/usr/sbin/nologin\n`;
}

function connect(
  { name, address }: TestHost,
  pid: number,
  switchPid: number,
): void {
  const port = `port-${name}`.slice(0, 15);
  const inHost = (...args: readonly string[]) =>
    run("nsenter", `--net=/proc/${pid}/ns/net`, "ip", ...args);
  inHost("link", "set", "lo", "up");
  inHost(
    ...["link", "add", "eth0", "type", "veth"],
    ...["peer", "name", port, "netns", String(switchPid)],
  );
  inHost("addr", "add", `${address}/24`, "dev", "eth0");
  inHost("link", "set", "eth0", "up");
  // As every host has one; what is sent there ends there.
  inHost("route", "add", "default", "via", nowhere);
  run(
    "nsenter",
    `--net=/proc/${switchPid}/ns/net`,
    "ip",
    "link",
    "set",
    port,
    "master",
    "br0",
    "up",
  );
}

async function answers({ name, address }: TestHost): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const seen = run("ssh-keyscan", "-T", "1", address, { quiet: true });
    if (seen.includes("ed25519")) return;
    await pause(100);
  }
  throw new Error(`${name}: no SSH server`);
}

function sshdConfig(state: string, { address }: TestHost): string {
  return [
    `ListenAddress ${address}:22`,
    `HostKey ${join(state, "host")}`,
    `AuthorizedKeysFile ${join(state, "client.pub")}`,
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "StrictModes no",
    "UsePAM no",
    "PidFile none",
    "SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "",
  ].join("\n");
}

function containerdConfig(state: string): string {
  const certificates = join(state, "certs.d");
  mkdirSync(join(certificates, "_default"), { recursive: true });
  writeFileSync(
    join(certificates, "_default", "hosts.toml"),
    `[host."http://${gateway}:${registryPort}"]\ncapabilities = ["pull", "resolve"]\n`,
  );
  return `version = 3
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.erofs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]

[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"

[plugins."io.containerd.cri.v1.images".registry]
config_path = "${certificates}"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "registry.k8s.io/pause:3.10.1"

[plugins."io.containerd.cri.v1.runtime"]
# Without CAP_SYS_RESOURCE no process may be given a lower score than its parent's.
restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
SystemdCgroup = false

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["${existsSync("/opt/cni/bin/bridge") ? "/opt/cni/bin" : "/usr/lib/cni"}"]
conf_dir = "/etc/cni/net.d"
`;
}

interface RunOptions {
  readonly cwd?: string;
  /** Whether a failure is no error. */
  readonly quiet?: boolean;
}

function run(file: string, ...rest: readonly (string | RunOptions)[]): string {
  const last = rest.at(-1);
  const options = typeof last === "object" ? last : {};
  const args = rest.filter((word) => typeof word === "string");
  try {
    return execFileSync(file, args, {
      cwd: options.cwd,
      encoding: "utf8",
      stdio: "pipe",
    });
  } catch (error) {
    if (options.quiet) return "";
    throw error;
  }
}

/** The server's processes of sessions; its own one goes on listening. */
async function sever(name: string): Promise<void> {
  const pids = await cgroupProcesses(`${cgroup}/${name}`);
  for (const pid of pids) {
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(
      () => "",
    );
    if (/^sshd(-session)?: (?!.*\[listener\])/.test(words)) kill(pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
