import { policyFacts } from "../../infra";
import { plainType } from "../../infra/policy-facts";
import type { Rule } from "./rule";

/** Most nodes of a pool, as the schema of a stack has it. */
const ceiling = 1000;

/** No pool grows without an end. */
export const boundedPools: Rule = {
  name: "bounded-pools",
  description: `Every pool has a most number of nodes, ${ceiling} or fewer.`,
  check: (resource) =>
    policyFacts
      .flatMap(
        (facts) => facts.boundedPools?.[plainType(resource)]?.(resource) ?? [],
      )
      .flatMap(({ path, most }) =>
        typeof most === "number" && most <= ceiling
          ? []
          : [`${path}: ${String(most)}: write ${ceiling} or fewer`],
      ),
};
