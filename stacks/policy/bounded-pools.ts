import { at, list, plainType, type Rule } from "./rule";

/** Most nodes of a pool, as the schema of a stack has it. */
const ceiling = 1000;

/** No pool grows without an end. */
export const boundedPools: Rule = {
  name: "bounded-pools",
  description: `Every pool has a most number of nodes, ${ceiling} or fewer.`,
  check({ type, props }) {
    switch (plainType({ type })) {
      case "aws:eks/nodeGroup:NodeGroup":
        return unbounded(
          "scalingConfig.maxSize",
          at(props, "scalingConfig", "maxSize"),
        );
      case "aws:autoscaling/group:Group":
        return unbounded("maxSize", props["maxSize"]);
      case "gcp:container/nodePool:NodePool": {
        const { autoscaling, nodeCount } = props;
        if (autoscaling === undefined) return unbounded("nodeCount", nodeCount);
        return unbounded(
          "autoscaling.totalMaxNodeCount",
          at(autoscaling, "totalMaxNodeCount") ??
            at(autoscaling, "maxNodeCount"),
        );
      }
      case "azure-native:containerservice:AgentPool":
        return agentPool("", props);
      case "azure-native:containerservice:ManagedCluster":
        return list(props["agentPoolProfiles"]).flatMap((pool, index) =>
          agentPool(`agentPoolProfiles[${index}].`, pool),
        );
      case "mlstack:index:LocalCluster":
        return list(props["pools"]).flatMap((pool, index) =>
          unbounded(`pools[${index}].count`, at(pool, "count")),
        );
      default:
        return [];
    }
  },
};

function agentPool(path: string, pool: unknown): string[] {
  const key = at(pool, "enableAutoScaling") === true ? "maxCount" : "count";
  return unbounded(`${path}${key}`, at(pool, key));
}

function unbounded(path: string, most: unknown): string[] {
  return typeof most === "number" && most <= ceiling
    ? []
    : [`${path}: ${String(most)}: write ${ceiling} or fewer`];
}
