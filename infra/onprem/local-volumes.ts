import { Deployment } from "@pulumi/kubernetes/apps/v1";
import {
  ConfigMap,
  Namespace,
  ServiceAccount,
} from "@pulumi/kubernetes/core/v1";
import type { Provider } from "@pulumi/kubernetes/provider";
import {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
} from "@pulumi/kubernetes/rbac/v1";
import * as pulumi from "@pulumi/pulumi";

import { blockStorage } from "../volumes/block-storage";
import { images } from "../versions";
import { volumeFolder } from "./volumes";

const namespace = "local-path-storage";
const name = "local-path-provisioner";
const apiGroup = "rbac.authorization.k8s.io";
const reading = ["get", "list", "watch"];
const changing = [...reading, "create", "patch", "update", "delete"];

/** Volumes that are folders on the disk of the host where their pod is. */
export class LocalVolumes extends pulumi.ComponentResource {
  readonly storageClass: pulumi.Output<string>;
  /** Namespace of the provisioner. */
  readonly namespace: pulumi.Output<string>;

  constructor(
    prefix: string,
    cluster: Provider,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:LocalVolumes", prefix, {}, opts);
    const child = { parent: this, provider: cluster };
    const space = new Namespace(
      `${prefix}-namespace`,
      { metadata: { name: namespace } },
      child,
    );
    this.namespace = space.metadata.name;
    const inside = { ...child, dependsOn: space };
    const account = new ServiceAccount(
      `${prefix}-account`,
      { metadata: { name, namespace } },
      inside,
    );
    const rights = this.rights(prefix, inside);
    const settings = new ConfigMap(
      `${prefix}-settings`,
      {
        metadata: { name: "local-path-config", namespace },
        data: provisioning,
      },
      inside,
    );
    new Deployment(
      `${prefix}-provisioner`,
      { metadata: { name, namespace }, spec: provisioner },
      { ...inside, dependsOn: [account, settings, ...rights] },
    );
    this.storageClass = blockStorage(
      prefix,
      {
        provisioner: "rancher.io/local-path",
        parameters: {},
        byDefault: true,
        expandable: false,
      },
      child,
    );
    this.registerOutputs({ storageClass: this.storageClass });
  }

  private rights(
    prefix: string,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource[] {
    const subjects = [{ kind: "ServiceAccount", name, namespace }];
    const role = new Role(
      `${prefix}-role`,
      {
        metadata: { name, namespace },
        rules: [{ apiGroups: [""], resources: ["pods"], verbs: changing }],
      },
      opts,
    );
    const clusterRole = new ClusterRole(
      `${prefix}-cluster-role`,
      { metadata: { name }, rules: clusterRules },
      opts,
    );
    return [
      new RoleBinding(
        `${prefix}-role`,
        {
          metadata: { name, namespace },
          roleRef: { apiGroup, kind: "Role", name: role.metadata.name },
          subjects,
        },
        opts,
      ),
      new ClusterRoleBinding(
        `${prefix}-cluster-role`,
        {
          metadata: { name },
          roleRef: {
            apiGroup,
            kind: "ClusterRole",
            name: clusterRole.metadata.name,
          },
          subjects,
        },
        opts,
      ),
    ];
  }
}

const clusterRules = [
  {
    apiGroups: [""],
    resources: ["nodes", "persistentvolumeclaims", "configmaps", "pods"],
    verbs: reading,
  },
  { apiGroups: [""], resources: ["pods/log"], verbs: reading },
  { apiGroups: [""], resources: ["persistentvolumes"], verbs: changing },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
  {
    apiGroups: ["storage.k8s.io"],
    resources: ["storageclasses"],
    verbs: reading,
  },
];

const helperPod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "helper-pod" },
  spec: {
    priorityClassName: "system-node-critical",
    tolerations: [{ operator: "Exists", effect: "NoSchedule" }],
    containers: [{ name: "helper-pod", image: images.busybox }],
  },
};

const provisioning = {
  "config.json": JSON.stringify({
    nodePathMap: [
      { node: "DEFAULT_PATH_FOR_NON_LISTED_NODES", paths: [volumeFolder] },
    ],
  }),
  setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
  teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
  "helperPod.yaml": JSON.stringify(helperPod),
};

const provisioner = {
  replicas: 1,
  selector: { matchLabels: { app: name } },
  template: {
    metadata: { labels: { app: name } },
    spec: {
      serviceAccountName: name,
      containers: [
        {
          name,
          image: images.localPathProvisioner,
          command: [
            ...["local-path-provisioner", "start"],
            ...["--config", "/etc/config/config.json"],
            ...["--service-account-name", name],
          ],
          resources: {
            requests: { cpu: "10m", memory: "24Mi" },
            limits: { memory: "128Mi" },
          },
          volumeMounts: [{ name: "config-volume", mountPath: "/etc/config/" }],
          env: [
            {
              name: "POD_NAMESPACE",
              valueFrom: {
                fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" },
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
};
