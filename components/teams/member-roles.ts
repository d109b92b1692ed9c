import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../infra/platform";
import { mountVerb, submitVerb } from "../admission/mounts";

const kinds = [
  {
    apiGroups: ["sparkoperator.k8s.io"],
    resources: ["sparkapplications", "scheduledsparkapplications"],
  },
  {
    apiGroups: ["kubeflow.org"],
    resources: ["pytorchjobs", "tfjobs", "xgboostjobs", "notebooks"],
  },
] as const;

/**
 * Rights that the admission policies require. Members who may edit could start pods under these accounts in other ways
 * anyway.
 */
const ofWorkloads = [
  {
    apiGroups: [""],
    resources: ["serviceaccounts"],
    verbs: [submitVerb],
  },
  {
    apiGroups: [""],
    resources: ["secrets", "persistentvolumeclaims"],
    verbs: [mountVerb],
  },
];

const verbs = {
  edit: ["create", "delete", "deletecollection", "patch", "update"],
  view: ["get", "list", "watch"],
} as const;

/**
 * Rights on the operators' kinds, aggregated to Kubernetes' and Kubeflow's roles `edit` and `view`; the operators'
 * charts add none. `edit` includes `view`.
 */
export class MemberRoles extends pulumi.ComponentResource {
  constructor(
    name: string,
    { platform }: { readonly platform: Platform },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:components:MemberRoles", name, {}, opts);
    for (const role of ["edit", "view"] as const) {
      new k8s.rbac.v1.ClusterRole(
        `${name}-${role}`,
        {
          metadata: {
            name: `mlstack-${role}`,
            labels: {
              [`rbac.authorization.k8s.io/aggregate-to-${role}`]: "true",
              [`rbac.authorization.kubeflow.org/aggregate-to-kubeflow-${role}`]:
                "true",
            },
          },
          rules: [
            ...kinds.map(({ apiGroups, resources }) => ({
              apiGroups: [...apiGroups],
              resources: [...resources],
              verbs: [...verbs[role]],
            })),
            ...(role === "edit" ? ofWorkloads : []),
          ],
        },
        { parent: this, provider: platform.provider },
      );
    }
    this.registerOutputs();
  }
}
