import type { KubeObject } from "./api";
import { hostNameServer } from "./internet";
import { type Layout, clusterDomain } from "./layout";
import { clusterImages } from "./registry";

const namespace = "kube-system";
const name = "coredns";
const labels = { "k8s-app": "kube-dns" };

/**
 * Cluster DNS, with the names and permissions that kubeadm gives it.
 * @param internet whether other names are asked of the host's name servers
 */
export function dnsObjects(layout: Layout, internet: boolean): KubeObject[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "system:coredns" },
      rules: [
        {
          apiGroups: [""],
          resources: ["services", "pods", "namespaces"],
          verbs: ["list", "watch"],
        },
        {
          apiGroups: ["discovery.k8s.io"],
          resources: ["endpointslices"],
          verbs: ["list", "watch"],
        },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "system:coredns" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "system:coredns",
      },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace },
      data: { Corefile: corefile(internet ? forwarded : unknown) },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "kube-dns",
        namespace,
        labels: {
          ...labels,
          "kubernetes.io/cluster-service": "true",
          "kubernetes.io/name": "CoreDNS",
        },
      },
      spec: {
        clusterIP: layout.dns,
        selector: labels,
        ports: [
          { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
          { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
          { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 },
        ],
      },
    },
    deployment,
  ];
}

// Without a way out, a name that is not the cluster's cannot be resolved: said at once, instead of after the time-outs of
// an upstream server that nothing reaches.
const unknown = `template ANY ANY {
        rcode NXDOMAIN
    }`;

const forwarded = `forward . ${hostNameServer}
    cache 30`;

// Other names have a block of their own, since template answers before kubernetes in whatever order they are written.
const corefile = (
  others: string,
) => `${clusterDomain}:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes ${clusterDomain} in-addr.arpa ip6.arpa {
        pods insecure
        ttl 30
    }
    prometheus :9153
    reload
    loadbalance
}
.:53 {
    errors
    ${others}
}
`;

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace, labels },
  spec: {
    replicas: 1,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        priorityClassName: "system-cluster-critical",
        serviceAccountName: name,
        nodeSelector: { "kubernetes.io/os": "linux" },
        dnsPolicy: "Default",
        containers: [
          {
            name,
            image: clusterImages.coredns,
            imagePullPolicy: "IfNotPresent",
            args: ["-conf", "/etc/coredns/Corefile"],
            resources: {
              limits: { memory: "170Mi" },
              requests: { cpu: "50m", memory: "40Mi" },
            },
            volumeMounts: [
              {
                name: "config-volume",
                mountPath: "/etc/coredns",
                readOnly: true,
              },
            ],
            ports: [
              { containerPort: 53, name: "dns", protocol: "UDP" },
              { containerPort: 53, name: "dns-tcp", protocol: "TCP" },
              { containerPort: 9153, name: "metrics", protocol: "TCP" },
            ],
            livenessProbe: {
              httpGet: { path: "/health", port: 8080 },
              initialDelaySeconds: 60,
              timeoutSeconds: 5,
            },
            readinessProbe: {
              httpGet: { path: "/ready", port: 8181 },
              periodSeconds: 1,
            },
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
              readOnlyRootFilesystem: true,
            },
          },
        ],
        volumes: [
          {
            name: "config-volume",
            configMap: { name, items: [{ key: "Corefile", path: "Corefile" }] },
          },
        ],
      },
    },
  },
};
