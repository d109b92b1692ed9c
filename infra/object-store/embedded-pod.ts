import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { iamPort, s3Port } from "./embedded-address";

const user = 1000;
const iamSocket = "/run/versitygw/iam.sock";

/** Security context of the pods of the store's namespace, as Pod Security's level `restricted` demands. */
export const podSecurityContext: k8s.types.input.core.v1.PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: "RuntimeDefault" },
};

/** Security context of their containers. */
export const containerSecurityContext: k8s.types.input.core.v1.SecurityContext =
  {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  };

/** Inputs of the store's pod. */
export interface EmbeddedPodArgs {
  readonly image: pulumi.Input<string>;
  /** Name of the claim that the buckets, their old versions and the accounts are on. */
  readonly claim: pulumi.Input<string>;
  /** Name of the secret with the administrator's key pair. */
  readonly rootSecret: pulumi.Input<string>;
}

/**
 * The S3 gateway, and the IAM service that it asks about every key and grant.
 * Accounts have policies of their own there: those of buckets would be attributes of a folder, of which ext4 keeps 4 KB.
 */
export function embeddedPod(
  args: EmbeddedPodArgs,
): k8s.types.input.core.v1.PodSpec {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurityContext,
    // The folder must be there before the gateway's container hides it, which otherwise made it as root's.
    initContainers: [accountsFolder(args)],
    // In this order, so that the gateway finds the service's socket.
    containers: [iam(args), gateway(args)],
    volumes: [
      { name: "data", persistentVolumeClaim: { claimName: args.claim } },
      { name: "sockets", emptyDir: {} },
      { name: "no-accounts", emptyDir: {} },
    ],
  };
}

const volumeMounts = [
  { name: "data", mountPath: "/data" },
  { name: "sockets", mountPath: "/run/versitygw" },
];

function accountsFolder({
  image,
}: EmbeddedPodArgs): k8s.types.input.core.v1.Container {
  return {
    name: "accounts-folder",
    image,
    command: ["sh", "-c", "umask 077 && mkdir -p /data/iam"],
    resources: {
      requests: { cpu: "10m", memory: "16Mi" },
      limits: { memory: "64Mi" },
    },
    securityContext: containerSecurityContext,
    volumeMounts,
  };
}

function iam({
  image,
  rootSecret,
}: EmbeddedPodArgs): k8s.types.input.core.v1.Container {
  return {
    name: "iam",
    image,
    command: [
      "sh",
      "-c",
      `umask 077 && exec versitygw --port 127.0.0.1:${iamPort} --keep-alive \
iam --quiet --dir /data/iam --private-ports ${iamSocket}`,
    ],
    envFrom: [{ secretRef: { name: rootSecret } }],
    resources: {
      requests: { cpu: "25m", memory: "48Mi" },
      limits: { memory: "256Mi" },
    },
    securityContext: containerSecurityContext,
    volumeMounts,
  };
}

function gateway({
  image,
  rootSecret,
}: EmbeddedPodArgs): k8s.types.input.core.v1.Container {
  return {
    name: "gateway",
    image,
    command: [
      "sh",
      "-c",
      // The admin API has a port of its own on the pod's loopback, or it would be on that of the S3 API.
      `umask 077 && mkdir -p /data/buckets /data/versions && exec versitygw --port :${s3Port} \
--admin-port 127.0.0.1:7071 --iam-standalone-endpoint ${iamSocket} --disable-acl --keep-alive --quiet \
--health /health posix --versioning-dir /data/versions /data/buckets`,
    ],
    envFrom: [{ secretRef: { name: rootSecret } }],
    ports: [{ name: "s3", containerPort: s3Port }],
    readinessProbe: {
      httpGet: { path: "/health", port: s3Port },
      periodSeconds: 1,
    },
    livenessProbe: {
      httpGet: { path: "/health", port: s3Port },
      initialDelaySeconds: 15,
      timeoutSeconds: 10,
    },
    resources: {
      requests: { cpu: "75m", memory: "128Mi" },
      limits: { memory: "1Gi" },
    },
    securityContext: containerSecurityContext,
    volumeMounts: [
      ...volumeMounts,
      // The gateway asks the IAM service about accounts: a path that leads out of the buckets' folder finds none.
      { name: "no-accounts", mountPath: "/data/iam", readOnly: true },
    ],
  };
}
