import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { objectStoreSecret } from "../../infra/object-store/key-pair-secret";
import { accountRights } from "../teams/account-rights";
import { type MountedKind, mountVerb, submitVerb } from "../admission/mounts";
import type { SparkRunArgs } from "./run";

/** Fields of a Spark job that name its account, and the secrets and claims that its pods mount. */
export type SubmittedRun = Pick<SparkRunArgs, "account" | "env" | "conf">;

/**
 * Lets a Spark driver make executors that read the secrets and claims which its job names beside its account's own; the
 * admission policy of executors refuses others.
 */
export function mayMount(
  name: string,
  run: SubmittedRun & Pick<SparkRunArgs, "team">,
  opts: pulumi.CustomResourceOptions,
): readonly pulumi.Resource[] {
  const rules = mountRulesOf([run]);
  if (rules.length === 0) return [];
  const { namespace } = run.team;
  return accountRights(
    `${name}-mounts`,
    { namespace, subject: { namespace, name: run.account.name }, rules },
    opts,
  );
}

/** Rules by which an account starts Spark jobs: of their accounts, and with what they mount. */
export function submissionRules(
  runs: readonly SubmittedRun[],
): k8s.types.input.rbac.v1.PolicyRule[] {
  if (runs.length === 0) return [];
  return [
    {
      apiGroups: [""],
      resources: ["serviceaccounts"],
      resourceNames: runs.map(({ account }) => account.name),
      verbs: [submitVerb],
    },
    ...mountRulesOf(runs),
  ];
}

function mountRulesOf(
  runs: readonly SubmittedRun[],
): k8s.types.input.rbac.v1.PolicyRule[] {
  const named = runs.filter(({ env = [] }) =>
    env.some(({ valueFrom }) => valueFrom !== undefined),
  );
  const claims = runs.flatMap(({ conf = {} }) =>
    Object.entries(conf).flatMap(([key, claim]) =>
      /\.options\.claimName$/.test(key) && claim !== "OnDemand" ? [claim] : [],
    ),
  );
  const rule = (
    kind: MountedKind,
    resourceNames: pulumi.Input<pulumi.Input<string>[]>,
  ) => ({
    apiGroups: [""],
    resources: [kind],
    resourceNames,
    verbs: [mountVerb],
  });
  return [
    ...(named.length === 0
      ? []
      : [rule("secrets", pulumi.all(named.map(secretsOf)).apply(distinct))]),
    ...(claims.length === 0
      ? []
      : [rule("persistentvolumeclaims", distinct([claims]))]),
  ];
}

function secretsOf({
  account,
  env = [],
}: SubmittedRun): pulumi.Output<readonly string[]> {
  return pulumi
    .all([account.name, pulumi.output(env)])
    .apply(([name, list]) => [
      // A rule without names would be one for all secrets.
      objectStoreSecret(name),
      ...list.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
    ]);
}

function distinct(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort();
}
