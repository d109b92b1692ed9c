import { kubeflowNamespace } from "../kubeflow/namespace";
import { mountRules, mountsOf, submitVerb } from "./mounts";
import type { AdmissionPolicy } from "./policy";

const roles = ["driver", "executor"] as const;

/** An optional field of a role's section. */
const of = (role: (typeof roles)[number], path: string) =>
  `variables.application.?${role}.?${path}`;

const containers = roles.flatMap((role) => [
  // The section has the fields of a container itself.
  `[dyn(variables.application.${role})]`,
  ...["sidecars", "initContainers"].map(
    (list) => `dyn(${of(role, list)}.orValue([]))`,
  ),
  ...["containers", "initContainers"].map(
    (list) => `dyn(${of(role, `template.?spec.?${list}`)}.orValue([]))`,
  ),
]);

const volumes = [
  "dyn(variables.application.?volumes.orValue([]))",
  ...roles.map(
    (role) => `dyn(${of(role, "template.?spec.?volumes")}.orValue([]))`,
  ),
];

const { variables, rules } = mountRules({
  account: "variables.account",
  mounts: mountsOf(
    { volumes: "variables.volumes", containers: "variables.containers" },
    {
      secrets: roles.flatMap((role) => [
        `${of(role, "secrets")}.orValue([]).map(secret, secret.?name.orValue(""))`,
        `${of(role, "envSecretKeyRefs")}.orValue({}).map(key, variables.application.${role}.envSecretKeyRefs[key].?name.orValue(""))`,
      ]),
      claims: [
        // Spark makes such a claim itself.
        `variables.conf.filter(key, key.endsWith(".options.claimName") && variables.conf[key] != "OnDemand").map(key, variables.conf[key])`,
      ],
    },
  ),
  field: "spec",
});

const accountFields = roles.flatMap((role) => [
  of(role, "serviceAccount"),
  of(role, "template.?spec.?serviceAccountName"),
  of(role, "template.?spec.?serviceAccount"),
]);

/**
 * Holds an account that starts Spark applications, such as a pipeline's, to those that its workload declares: their
 * account, and what they mount. The operator makes the pods with its own rights, so that whoever has the account's token
 * would otherwise run as any account of the team, and read any of its secrets.
 */
export const submissionPolicy: AdmissionPolicy = {
  kinds: [
    {
      group: "sparkoperator.k8s.io",
      version: "*",
      resources: ["sparkapplications", "scheduledsparkapplications"],
    },
  ],
  conditions: {
    // Pipelines of Kubeflow run in its namespace, and work in the team's.
    "by-an-account-of-a-workload": `request.userInfo.username.startsWith("system:serviceaccount:") && request.userInfo.username.split(":")[2] in [request.namespace, "${kubeflowNamespace}"] && !(request.userInfo.username.split(":")[3] in ["default-editor", "default-viewer"])`,
  },
  variables: {
    application:
      "has(object.spec.template) ? object.spec.template : object.spec",
    conf: "variables.application.?sparkConf.orValue({})",
    account: `${of("driver", "serviceAccount")}.orValue("default")`,
    containers: containers.join(" + "),
    volumes: volumes.join(" + "),
    ...variables,
  },
  rules: [
    {
      expression: `variables.account != "" && authorizer.group("").resource("serviceaccounts").namespace(request.namespace).name(variables.account).check("${submitVerb}").allowed()`,
      message:
        "spec.driver.serviceAccount: an account starts Spark applications of those accounts alone that its workload declares",
    },
    {
      expression: `[${accountFields.map((field) => `${field}.orValue("")`).join(", ")}].all(name, name == "" || name == variables.account)`,
      message:
        "spec.executor, spec.driver.template: all pods run as spec.driver.serviceAccount",
    },
    ...rules,
  ],
};
