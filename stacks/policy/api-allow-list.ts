import { policyFacts } from "../../infra";
import { checkByType, type Rule } from "./rule";

const checks = policyFacts.map(({ openApis }) => openApis);

/** A cluster's API answers inside its network, or to the ranges that are named. */
export const apiAllowList: Rule = {
  name: "api-allow-list",
  description: "A cluster's API is private, or open to named ranges only.",
  check: (resource) => checkByType(checks, resource),
};
