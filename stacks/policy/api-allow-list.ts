import { at, list, plainType, type Rule } from "./rule";

/** A cluster's API answers inside its network, or to the ranges that are named. */
export const apiAllowList: Rule = {
  name: "api-allow-list",
  description: "A cluster's API is private, or open to named ranges only.",
  check({ type, props }) {
    switch (plainType({ type })) {
      case "aws:eks/cluster:Cluster": {
        const access = props["vpcConfig"];
        // EKS opens it where nothing is said.
        if (at(access, "endpointPublicAccess") === false) return [];
        return openRanges(
          "vpcConfig.publicAccessCidrs",
          list(at(access, "publicAccessCidrs")),
        );
      }
      case "gcp:container/cluster:Cluster": {
        if (at(props, "privateClusterConfig", "enablePrivateEndpoint") === true)
          return [];
        const path = "masterAuthorizedNetworksConfig";
        const blocks = list(at(props, path, "cidrBlocks"));
        return openRanges(
          `${path}.cidrBlocks`,
          blocks.map((block) => at(block, "cidrBlock")),
        );
      }
      case "azure-native:containerservice:ManagedCluster": {
        const profile = props["apiServerAccessProfile"];
        if (at(profile, "enablePrivateCluster") === true) return [];
        return openRanges(
          "apiServerAccessProfile.authorizedIPRanges",
          list(at(profile, "authorizedIPRanges")),
        );
      }
      default:
        return [];
    }
  },
};

function openRanges(path: string, ranges: readonly unknown[]): string[] {
  if (ranges.length === 0) {
    return [`${path}: open to all; name ranges, or make the API private`];
  }
  return ranges
    .map(String)
    .filter((range) => range.endsWith("/0"))
    .map((range) => `${path}: ${range}: name the ranges of your own networks`);
}
