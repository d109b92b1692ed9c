import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolPath } from "../../infra/supply/toolchain/tools";

/** A Kubernetes API with its controllers, without nodes. */
export interface ControlPlane {
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** Ports on the loopback address. */
export interface Ports {
  readonly api: number;
  readonly etcd: number;
}

/**
 * Starts etcd, the API server and the controllers on loopback ports.
 *
 * @param flags further ones of the API server
 */
export async function startControlPlane(
  ports: Ports,
  flags: Readonly<Record<string, string>> = {},
): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-control-plane-"));
  const pki = join(folder, "pki");
  const etcd = `http://127.0.0.1:${ports.etcd}`;
  const running: ChildProcess[] = [];
  const start = (tool: string, own: Readonly<Record<string, string>>): void => {
    const log = openSync(join(folder, `${tool}.log`), "a");
    const args = Object.entries(own).map(([key, value]) => `--${key}=${value}`);
    const child = spawn(toolPath(tool), args, { stdio: ["ignore", log, log] });
    running.push(child);
  };
  const stop = async (): Promise<void> => {
    for (const child of [...running].reverse()) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(timer);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const kubeadm = (...args: readonly string[]): void => {
    execFileSync(toolPath("kubeadm"), args, { stdio: "pipe" });
  };
  try {
    mkdirSync(pki);
    // Neither kubeadm nor the service `kubernetes` takes a loopback address.
    const nowhere = "192.0.2.1";
    const where = [
      `--apiserver-advertise-address=${nowhere}`,
      `--control-plane-endpoint=127.0.0.1:${ports.api}`,
      `--cert-dir=${pki}`,
      "--kubernetes-version=v1.35.4",
    ];
    kubeadm(
      ...["init", "phase", "certs", "all", ...where],
      "--apiserver-cert-extra-sans=127.0.0.1",
    );
    for (const user of ["super-admin", "controller-manager"]) {
      kubeadm(
        ...["init", "phase", "kubeconfig", user, ...where],
        `--kubeconfig-dir=${folder}`,
      );
    }
    // The controllers would go to the advertised address.
    const controllers = join(folder, "controller-manager.conf");
    const text = readFileSync(controllers, "utf8");
    writeFileSync(
      controllers,
      text.replace(/server: .*/, `server: https://127.0.0.1:${ports.api}`),
    );
    start("etcd", {
      "data-dir": join(folder, "etcd"),
      "listen-client-urls": etcd,
      "advertise-client-urls": etcd,
      "listen-peer-urls": `http://127.0.0.1:${ports.etcd + 1}`,
      // A test's data need not survive a crash of the machine.
      "unsafe-no-fsync": "true",
    });
    start("kube-apiserver", {
      "advertise-address": nowhere,
      "bind-address": "127.0.0.1",
      "secure-port": String(ports.api),
      "etcd-servers": etcd,
      "allow-privileged": "true",
      "authorization-mode": "Node,RBAC",
      "client-ca-file": join(pki, "ca.crt"),
      "tls-cert-file": join(pki, "apiserver.crt"),
      "tls-private-key-file": join(pki, "apiserver.key"),
      "service-account-issuer": "https://kubernetes.default.svc",
      "service-account-key-file": join(pki, "sa.pub"),
      "service-account-signing-key-file": join(pki, "sa.key"),
      "service-cluster-ip-range": "10.97.0.0/16",
      ...flags,
    });
    const kubeconfig = join(folder, "super-admin.conf");
    await ready(ports.api, join(pki, "ca.crt"), running);
    start("kube-controller-manager", {
      kubeconfig: controllers,
      controllers: "*,bootstrapsigner,tokencleaner",
      "use-service-account-credentials": "true",
      "root-ca-file": join(pki, "ca.crt"),
      "service-account-private-key-file": join(pki, "sa.key"),
      "leader-elect": "false",
      "secure-port": "0",
    });
    return { kubeconfig, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ready(
  port: number,
  ca: string,
  running: readonly ChildProcess[],
): Promise<void> {
  for (;;) {
    const dead = running.find((child) => child.exitCode !== null);
    if (dead) throw new Error(`${dead.spawnfile} ended with ${dead.exitCode}`);
    const status = await new Promise<number>((resolve) => {
      request(
        `https://127.0.0.1:${port}/readyz`,
        { ca: readFileSync(ca) },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      )
        .on("error", () => resolve(0))
        .end();
    });
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
