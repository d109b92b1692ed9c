import * as k8s from "@pulumi/kubernetes";
import type { admissionregistration } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

import { teamNamespaces } from "../teams/label";

/** A rule of a policy, in the Common Expression Language of Kubernetes. */
export interface AdmissionRule {
  /** True for what is let in. */
  readonly expression: string;
  /** Message of the refusal: the field, and what to write instead. */
  readonly message: string;
}

/** Kinds of objects, and the rules that they must fulfil in the namespaces of teams. */
export interface AdmissionPolicy {
  /** Kinds that it judges. */
  readonly kinds: readonly {
    readonly group: string;
    readonly version: string;
    /** Plural names. */
    readonly resources: readonly string[];
  }[];
  /** Requests that it judges; those that create and change unless given. */
  readonly operations?: readonly ("CREATE" | "UPDATE" | "DELETE")[];
  /** Expressions that are all true for the requests that it judges, by a name each; all requests unless given. */
  readonly conditions?: Readonly<Record<string, string>>;
  /** Expressions by the names that rules may use as `variables.NAME`; each may use those before it. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly rules: readonly AdmissionRule[];
}

/**
 * Declares a policy for the namespaces of teams, whoever writes objects there. The API server evaluates it without a
 * webhook, and refuses an object for which a rule cannot be evaluated.
 */
export function admissionPolicy(
  name: string,
  args: AdmissionPolicy,
  opts: pulumi.CustomResourceOptions,
): void {
  const metadata = { name: `mlstack-${name}` };
  const policy = new k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
    name,
    {
      metadata,
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: args.kinds.map(({ group, version, resources }) => ({
            apiGroups: [group],
            apiVersions: [version],
            operations: [...(args.operations ?? ["CREATE", "UPDATE"])],
            resources: [...resources],
            scope: "*",
          })),
          namespaceSelector: {},
          ...defaults,
        },
        ...(args.conditions === undefined
          ? {}
          : {
              matchConditions: Object.entries(args.conditions).map(
                ([condition, expression]) => ({ name: condition, expression }),
              ),
            }),
        variables: Object.entries(args.variables ?? {}).map(
          ([variable, expression]) => ({ name: variable, expression }),
        ),
        validations: args.rules.map(validation),
      },
    },
    opts,
  );
  new k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
    name,
    {
      metadata,
      spec: {
        policyName: policy.metadata.name,
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: teamNamespaces, ...defaults },
      },
    },
    opts,
  );
}

// The API server's defaults. Server-side apply compares these fields as a whole: without the defaults, applying again
// an object that an interrupted run created would conflict with itself.
const defaults = { objectSelector: {}, matchPolicy: "Equivalent" } as const;

function validation({
  expression,
  message,
}: AdmissionRule): admissionregistration.v1.Validation {
  return { expression, message, reason: "Forbidden" };
}
