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

/** What the admission policies ask of accounts; who may edit can do as much by other ways. */
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
 * What Kubernetes' own roles `edit` and `view`, and Kubeflow's, may do with the kinds of the operators, which add
 * nothing to them themselves. `edit` takes in what `view` has.
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
