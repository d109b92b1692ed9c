import { join } from "node:path";

import { auditFlags } from "../api-server/audit";
import { quote } from "./execute";
import type { Layout } from "./layout";
import { apiGate } from "./readiness";
import { registryConfigPath } from "./registry";
import type { Daemon } from "./unit";

/** Finds a program of the toolchain. */
export type FindTool = (binary: string) => string;

// The daemons that talk to the API server wait for it at their first start: each that fails costs a second, and all
// of them would take the processors from it.
const awaitApi = (layout: Layout) => [
  `until [ -e ${quote(apiGate(layout, "ready"))} ]; do sleep 0.1; done`,
];

/** The programs of the control plane. */
export function controlPlaneDaemons(layout: Layout, tool: FindTool): Daemon[] {
  const { place } = layout;
  const pki = (file: string) => join(layout.pki, file);
  const etcd: Daemon = {
    name: "etcd",
    command: [
      tool("etcd"),
      "--name=default",
      `--data-dir=${layout.at("etcd")}`,
      "--listen-client-urls=http://127.0.0.1:2379",
      "--advertise-client-urls=http://127.0.0.1:2379",
      "--listen-peer-urls=http://127.0.0.1:2380",
      "--initial-advertise-peer-urls=http://127.0.0.1:2380",
      "--initial-cluster=default=http://127.0.0.1:2380",
      "--auto-compaction-mode=periodic",
      "--auto-compaction-retention=5m",
      "--log-level=warn",
    ],
    environment: { GOMEMLIMIT: "300MiB" },
  };
  const apiServer: Daemon = {
    name: "kube-apiserver",
    before: [`until [ -e ${quote(pki("sa.key"))} ]; do sleep 0.05; done`],
    command: [
      tool("kube-apiserver"),
      `--advertise-address=${layout.gateway}`,
      `--bind-address=${layout.gateway}`,
      `--secure-port=${place.apiPort}`,
      "--allow-privileged=true",
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      `--client-ca-file=${pki("ca.crt")}`,
      `--tls-cert-file=${pki("apiserver.crt")}`,
      `--tls-private-key-file=${pki("apiserver.key")}`,
      `--kubelet-client-certificate=${pki("apiserver-kubelet-client.crt")}`,
      `--kubelet-client-key=${pki("apiserver-kubelet-client.key")}`,
      "--kubelet-preferred-address-types=InternalIP",
      "--etcd-servers=http://127.0.0.1:2379",
      `--service-cluster-ip-range=${place.serviceCidr}`,
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-key-file=${pki("sa.pub")}`,
      `--service-account-signing-key-file=${pki("sa.key")}`,
      `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
      "--requestheader-allowed-names=front-proxy-client",
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-username-headers=X-Remote-User",
      `--proxy-client-cert-file=${pki("front-proxy-client.crt")}`,
      `--proxy-client-key-file=${pki("front-proxy-client.key")}`,
      `--encryption-provider-config=${layout.encryption}`,
      ...Object.entries(
        auditFlags({
          policy: layout.auditPolicy,
          log: join(layout.audit, "audit.log"),
        }),
      ).map(([flag, value]) => `--${flag}=${value}`),
      // This machine has routes to the pods but no kube-proxy, so webhooks are called at their pods' addresses.
      "--enable-aggregator-routing=true",
      "--profiling=false",
    ],
    // It takes what it gets while custom resource definitions are installed: 1.4 GB in an hour without a limit.
    environment: { GOMEMLIMIT: "900MiB" },
  };
  const controllerManager: Daemon = {
    name: "kube-controller-manager",
    before: awaitApi(layout),
    command: [
      tool("kube-controller-manager"),
      `--kubeconfig=${pki("controller-manager.conf")}`,
      `--authentication-kubeconfig=${pki("controller-manager.conf")}`,
      `--authorization-kubeconfig=${pki("controller-manager.conf")}`,
      "--bind-address=127.0.0.1",
      `--client-ca-file=${pki("ca.crt")}`,
      `--cluster-signing-cert-file=${pki("ca.crt")}`,
      `--cluster-signing-key-file=${pki("ca.key")}`,
      `--root-ca-file=${pki("ca.crt")}`,
      `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
      `--service-account-private-key-file=${pki("sa.key")}`,
      `--flex-volume-plugin-dir=${layout.at("flex-volumes")}`,
      "--use-service-account-credentials=true",
      "--controllers=*,bootstrapsigner,tokencleaner",
      // A node's pods get their addresses from its place in the cluster.
      "--allocate-node-cidrs=false",
      // Each of its controllers asks for an account and a token of its own when it starts.
      "--kube-api-qps=200",
      "--kube-api-burst=400",
      "--leader-elect=false",
      "--profiling=false",
    ],
    environment: { GOMEMLIMIT: "200MiB" },
  };
  const scheduler: Daemon = {
    name: "kube-scheduler",
    before: awaitApi(layout),
    command: [
      tool("kube-scheduler"),
      `--kubeconfig=${pki("scheduler.conf")}`,
      `--authentication-kubeconfig=${pki("scheduler.conf")}`,
      `--authorization-kubeconfig=${pki("scheduler.conf")}`,
      "--bind-address=127.0.0.1",
      "--leader-elect=false",
      "--profiling=false",
    ],
    environment: { GOMEMLIMIT: "100MiB" },
  };
  const registry: Daemon = {
    name: "registry",
    command: [tool("registry"), "serve", registryConfigPath(layout)],
    environment: { GOMEMLIMIT: "100MiB", OTEL_TRACES_EXPORTER: "none" },
  };
  return [etcd, apiServer, controllerManager, scheduler, registry];
}
