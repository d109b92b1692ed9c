import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { images } from "../versions";

/** The store's one region. */
export const region = "garage";

/** Port of the S3 API. */
export const s3Port = 3900;

const adminPort = 3903;
const user = 1000;
const sockets = "/run/garage";

// One node: RPC stays on loopback. LMDB is Garage's default engine for metadata.
const garageToml = `metadata_dir = "/data/meta"
data_dir = "/data/blocks"
db_engine = "lmdb"
replication_factor = 1
compression_level = "none"
rpc_bind_addr = "127.0.0.1:3901"
rpc_public_addr = "127.0.0.1:3901"

[s3_api]
s3_region = "${region}"
api_bind_addr = "${sockets}/s3.sock"

[admin]
api_bind_addr = "0.0.0.0:${adminPort}"
`;

// Garage leaves Nagle's algorithm on: of an answer to a range, the body waits for the client to acknowledge the head,
// which clients put off for 40 ms. HAProxy turns it off, and between the two a Unix socket knows of no such thing.
// Told to stop, it would wait for clients that keep their connections.
const haproxyCfg = `global
  maxconn 4000
  hard-stop-after 2s
defaults
  mode tcp
  timeout connect 5s
  timeout client 10m
  timeout server 10m
listen s3
  bind :${s3Port}
  server garage unix@${sockets}/s3.sock
`;

/** Files of the store's ConfigMap. */
export const garageSettings = {
  "garage.toml": garageToml,
  "haproxy.cfg": haproxyCfg,
} as const;

/** Garage, and HAProxy in front of its S3 API. */
export function garagePod(
  settings: pulumi.Input<string>,
  rpcSecret: pulumi.Input<string>,
): k8s.types.input.core.v1.PodSpec {
  return {
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [garage(rpcSecret), haproxy],
    volumes: [
      { name: "settings", configMap: { name: settings } },
      { name: "sockets", emptyDir: {} },
    ],
  };
}

const securityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

const mounts = {
  settings: { name: "settings", mountPath: "/etc/garage", readOnly: true },
  sockets: { name: "sockets", mountPath: sockets },
} as const;

function garage(
  rpcSecret: pulumi.Input<string>,
): k8s.types.input.core.v1.Container {
  return {
    name: "garage",
    image: images.garage,
    command: ["/garage"],
    args: ["server", "--single-node"],
    env: [
      { name: "GARAGE_CONFIG_FILE", value: "/etc/garage/garage.toml" },
      {
        name: "GARAGE_RPC_SECRET",
        valueFrom: { secretKeyRef: { name: rpcSecret, key: "hex" } },
      },
    ],
    readinessProbe: {
      httpGet: { path: "/health", port: adminPort },
      periodSeconds: 1,
    },
    livenessProbe: { tcpSocket: { port: adminPort }, initialDelaySeconds: 15 },
    resources: {
      requests: { cpu: "75m", memory: "128Mi" },
      limits: { memory: "1Gi" },
    },
    securityContext,
    volumeMounts: [
      { name: "data", mountPath: "/data" },
      mounts.settings,
      mounts.sockets,
    ],
  };
}

const haproxy: k8s.types.input.core.v1.Container = {
  name: "haproxy",
  image: images.haproxy,
  command: ["haproxy", "-f", "/etc/garage/haproxy.cfg"],
  ports: [{ name: "s3", containerPort: s3Port }],
  livenessProbe: { tcpSocket: { port: s3Port }, initialDelaySeconds: 15 },
  resources: {
    requests: { cpu: "25m", memory: "32Mi" },
    limits: { memory: "128Mi" },
  },
  securityContext,
  volumeMounts: [mounts.settings, mounts.sockets],
};
