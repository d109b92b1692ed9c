import type { KubeObject } from "./api";

const apiGroup = "rbac.authorization.k8s.io";
const apiVersion = `${apiGroup}/v1`;

/** Cluster roles and bindings beyond those that the API server creates itself. */
export const accessObjects: readonly KubeObject[] = [
  // The group of admin.conf; `kubeadm init` binds it at its end.
  {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name: "kubeadm:cluster-admins" },
    roleRef: { apiGroup, kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ apiGroup, kind: "Group", name: "kubeadm:cluster-admins" }],
  },
  // kubectl reads what it patches; which node's status a node may patch, the admission of the API server says.
  {
    apiVersion,
    kind: "ClusterRole",
    metadata: { name: "mlstack:node-status" },
    rules: [{ apiGroups: [""], resources: ["nodes/status"], verbs: ["get"] }],
  },
  {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name: "mlstack:node-status" },
    roleRef: { apiGroup, kind: "ClusterRole", name: "mlstack:node-status" },
    subjects: [{ apiGroup, kind: "Group", name: "system:nodes" }],
  },
];
