import { DaemonSet } from "@pulumi/kubernetes/apps/v1";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { ClusterRole, ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { images } from "../versions";

const namespace = "kube-system";
const name = "kube-router";
const labels = { app: name };
const apiGroup = "rbac.authorization.k8s.io";
/** Port of the program's health, on the node's own address. */
const healthPort = 20244;

/** Arguments of the controller. */
export interface NetworkPolicyControllerArgs {
  /**
   * Address of the API server, `host:port`. A node reaches it without the routes to services, which a node without a
   * default route lacks.
   */
  readonly apiServer: string;
  /** Addresses of the cluster's services. */
  readonly serviceCidr: string;
}

/**
 * Enforces network policies where the cluster's network does not: kube-router's firewall on every node, without its
 * routing and without its service proxy.
 *
 * @see https://github.com/cloudnativelabs/kube-router/blob/v2.1.0/docs/user-guide.md
 */
export class NetworkPolicyController extends pulumi.ComponentResource {
  constructor(
    prefix: string,
    args: NetworkPolicyControllerArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:NetworkPolicyController", prefix, {}, opts);
    const child = { parent: this, provider: opts.provider };
    const account = new ServiceAccount(
      `${prefix}-account`,
      { metadata: { name, namespace } },
      child,
    );
    const role = new ClusterRole(
      `${prefix}-role`,
      { metadata: { name }, rules },
      child,
    );
    const binding = new ClusterRoleBinding(
      `${prefix}-binding`,
      {
        metadata: { name },
        roleRef: { apiGroup, kind: "ClusterRole", name },
        subjects: [{ kind: "ServiceAccount", name, namespace }],
      },
      child,
    );
    new DaemonSet(
      prefix,
      { metadata: { name, namespace, labels }, spec: daemon(args) },
      { ...child, dependsOn: [account, role, binding] },
    );
    this.registerOutputs();
  }
}

// It waits for what it knows of all of these at its start, also of those that the firewall does not use.
const rules: types.input.rbac.v1.PolicyRule[] = [
  {
    apiGroups: [""],
    resources: ["namespaces", "pods", "services", "nodes", "endpoints"],
    verbs: ["get", "list", "watch"],
  },
  {
    apiGroups: ["networking.k8s.io"],
    resources: ["networkpolicies"],
    verbs: ["get", "list", "watch"],
  },
  {
    apiGroups: ["discovery.k8s.io"],
    resources: ["endpointslices"],
    verbs: ["get", "list", "watch"],
  },
];

function daemon({
  apiServer,
  serviceCidr,
}: NetworkPolicyControllerArgs): types.input.apps.v1.DaemonSetSpec {
  const [host = "", port = ""] = apiServer.split(":");
  return {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: name,
        priorityClassName: "system-node-critical",
        hostNetwork: true,
        // On every node, whatever its taints: pods that tolerate them run there.
        tolerations: [{ operator: "Exists" }],
        containers: [
          {
            name,
            image: images.kubeRouter,
            imagePullPolicy: "IfNotPresent",
            command: ["/usr/local/bin/kube-router"],
            args: [
              "--run-firewall=true",
              "--run-router=false",
              "--run-service-proxy=false",
              "--run-loadbalancer=false",
              `--service-cluster-ip-range=${serviceCidr}`,
              `--health-port=${healthPort}`,
            ],
            env: [
              { name: "KUBERNETES_SERVICE_HOST", value: host },
              { name: "KUBERNETES_SERVICE_PORT", value: port },
              {
                name: "NODE_NAME",
                valueFrom: {
                  fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" },
                },
              },
              { name: "GOMEMLIMIT", value: "100MiB" },
            ],
            livenessProbe: {
              httpGet: { path: "/healthz", port: healthPort },
              initialDelaySeconds: 10,
              periodSeconds: 10,
            },
            readinessProbe: {
              httpGet: { path: "/healthz", port: healthPort },
              periodSeconds: 2,
            },
            resources: {
              requests: { cpu: "20m", memory: "64Mi" },
              limits: { memory: "256Mi" },
            },
            // It writes the node's packet filter.
            securityContext: { privileged: true },
            volumeMounts: [{ name: "lock", mountPath: "/run/xtables.lock" }],
          },
        ],
        volumes: [
          {
            name: "lock",
            hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" },
          },
        ],
      },
    },
  };
}
