import { policyFacts } from "../../infra";
import { at, list, type PolicyResource } from "../../infra/policy-facts";
import { checkByType, type Rule } from "./rule";

const checks = policyFacts.map(({ broadRights }) => broadRights);

/** Groups and users of Kubernetes that stand for everybody, or for every pod. */
const everybody = [
  ...["system:authenticated", "system:unauthenticated", "system:anonymous"],
  "system:serviceaccounts",
];

/** Whoever has a right is named, and so is what it is on. */
export const noBroadRights: Rule = {
  name: "no-broad-rights",
  description:
    "No role is for everybody or for every pod, and none allows everything.",
  check: (resource) => [
    ...checkByType(checks, resource),
    ...bindingFaults(resource),
  ],
};

function bindingFaults({ type, props }: PolicyResource): string[] {
  if (!/^kubernetes:rbac\S+:(Cluster)?RoleBinding$/.test(type)) return [];
  return list(props["subjects"]).flatMap((subject, index) => {
    const name = String(at(subject, "name"));
    return everybody.includes(name)
      ? [`subjects[${index}].name: ${name}: name those who may`]
      : [];
  });
}
