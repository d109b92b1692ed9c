import type { KubeObject } from "./api";
import type { Layout } from "./layout";
import { clusterImages } from "./registry";

/** Namespace of the provisioner. */
export const provisionerNamespace = "local-path-storage";

const namespace = provisionerNamespace;
const name = "local-path-provisioner";
const account = "local-path-provisioner-service-account";

/** The default storage class. */
export const storageClass = "local-path";

/** The default storage class and its provisioner, whose volumes are folders on this machine's disk. */
export function storageObjects(layout: Layout): KubeObject[] {
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: account, namespace },
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "local-path-provisioner-role", namespace },
      rules: [
        {
          apiGroups: [""],
          resources: ["pods"],
          verbs: [
            "get",
            "list",
            "watch",
            "create",
            "patch",
            "update",
            "delete",
          ],
        },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "local-path-provisioner-bind", namespace },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "Role",
        name: "local-path-provisioner-role",
      },
      subjects: [{ kind: "ServiceAccount", name: account, namespace }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "local-path-provisioner-role" },
      rules: [
        {
          apiGroups: [""],
          resources: [
            "nodes",
            "persistentvolumeclaims",
            "configmaps",
            "pods",
            "pods/log",
          ],
          verbs: ["get", "list", "watch"],
        },
        {
          apiGroups: [""],
          resources: ["persistentvolumes"],
          verbs: [
            "get",
            "list",
            "watch",
            "create",
            "patch",
            "update",
            "delete",
          ],
        },
        { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
        {
          apiGroups: ["storage.k8s.io"],
          resources: ["storageclasses"],
          verbs: ["get", "list", "watch"],
        },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "local-path-provisioner-bind" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "local-path-provisioner-role",
      },
      subjects: [{ kind: "ServiceAccount", name: account, namespace }],
    },
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: storageClass,
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      provisioner: "rancher.io/local-path",
      volumeBindingMode: "WaitForFirstConsumer",
      reclaimPolicy: "Delete",
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "local-path-config", namespace },
      data: {
        "config.json": JSON.stringify({
          nodePathMap: [
            {
              node: "DEFAULT_PATH_FOR_NON_LISTED_NODES",
              paths: [layout.volumes],
            },
          ],
        }),
        setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
        teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
        "helperPod.yaml": JSON.stringify(helperPod),
      },
    },
    deployment,
  ];
}

const helperPod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "helper-pod" },
  spec: {
    priorityClassName: "system-node-critical",
    tolerations: [{ operator: "Exists", effect: "NoSchedule" }],
    containers: [
      {
        name: "helper-pod",
        image: clusterImages.busybox,
        imagePullPolicy: "IfNotPresent",
      },
    ],
  },
};

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        serviceAccountName: account,
        containers: [
          {
            name,
            image: clusterImages.localPathProvisioner,
            imagePullPolicy: "IfNotPresent",
            command: [
              "local-path-provisioner",
              "start",
              "--config",
              "/etc/config/config.json",
            ],
            resources: { requests: { cpu: "10m", memory: "24Mi" } },
            volumeMounts: [
              { name: "config-volume", mountPath: "/etc/config/" },
            ],
            env: [
              {
                name: "POD_NAMESPACE",
                valueFrom: {
                  fieldRef: {
                    apiVersion: "v1",
                    fieldPath: "metadata.namespace",
                  },
                },
              },
              { name: "CONFIG_MOUNT_PATH", value: "/etc/config/" },
            ],
          },
        ],
        volumes: [
          { name: "config-volume", configMap: { name: "local-path-config" } },
        ],
      },
    },
  },
};
