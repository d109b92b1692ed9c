import { at, list, type PolicyFacts } from "../policy-facts";

/** What the rules have to know of the cluster on this machine. */
export const policy: PolicyFacts = {
  boundedPools: {
    "mlstack:index:LocalCluster": ({ props }) =>
      list(props["pools"]).map((pool, index) => ({
        path: `pools[${index}].count`,
        most: at(pool, "count"),
      })),
  },
};
