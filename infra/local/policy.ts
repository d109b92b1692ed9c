import { at, list, type PolicyFacts } from "../policy-facts";

/** Facts of the local cluster for the policy rules. */
export const policy: PolicyFacts = {
  boundedPools: {
    "mlstack:index:LocalCluster": ({ props }) =>
      list(props["pools"]).map((pool, index) => ({
        path: `pools[${index}].count`,
        most: at(pool, "count"),
      })),
  },
};
