import * as k8s from "@pulumi/kubernetes";
import type { admissionregistration } from "@pulumi/kubernetes/types/input";
import type * as pulumi from "@pulumi/pulumi";

import { teamNamespaces } from "../team-label";

/** A rule of a policy, in the Common Expression Language of Kubernetes. */
export interface AdmissionRule {
  /** True for what is let in. */
  readonly expression: string;
  /** What a person reads who is refused: the field, and what to write instead. */
  readonly message: string;
}

/** What a policy judges, and how. */
export interface AdmissionPolicyArgs {
  readonly provider: k8s.Provider;
  /** Kinds that it judges when they are created or changed. */
  readonly kinds: readonly {
    readonly group: string;
    readonly version: string;
    /** Plural names. */
    readonly resources: readonly string[];
  }[];
  /** Expressions by the names that rules may use as `variables.NAME`; each may use those before it. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly rules: readonly AdmissionRule[];
}

/**
 * Refuses objects in the namespaces of teams, whoever writes them there. The API server holds the rules itself: no
 * webhook can be away. Should a rule fail to evaluate, the object is refused.
 *
 * @returns what must be there before the rules hold
 */
export function admissionPolicy(
  name: string,
  args: AdmissionPolicyArgs,
  parent: pulumi.Resource,
): pulumi.Resource[] {
  const options = { parent, provider: args.provider };
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
            operations: ["CREATE", "UPDATE"],
            resources: [...resources],
            scope: "*",
          })),
          namespaceSelector: {},
          ...defaults,
        },
        variables: Object.entries(args.variables ?? {}).map(
          ([variable, expression]) => ({ name: variable, expression }),
        ),
        validations: args.rules.map(validation),
      },
    },
    options,
  );
  const binding =
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
      options,
    );
  return [policy, binding];
}

// What the API server would fill in. It compares the whole of such a field when an object is declared anew: one that a
// killed run has made would be in conflict with itself.
const defaults = { objectSelector: {}, matchPolicy: "Equivalent" } as const;

function validation({
  expression,
  message,
}: AdmissionRule): admissionregistration.v1.Validation {
  return { expression, message, reason: "Forbidden" };
}
