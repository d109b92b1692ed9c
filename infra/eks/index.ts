import { isObject } from "../policy-facts";
import type { Target } from "../target";
import { audit } from "./audit";
import { clusterNetwork } from "./cluster-network";
import { checkPools, type EksConfig, schema } from "./config";
import { nameLimits } from "./name-limits";
import { policy } from "./policy";
import { ec2 } from "./rules";

// Loaded when it is chosen: what belongs to one target must not slow the preview of another.
const load = () => require("./platform") as typeof import("./platform");
const loadCosts = () => require("./costs") as typeof import("./costs");
const loadPriceList = () =>
  (require("./price-list") as typeof import("./price-list")).priceList;
const loadStandIn = () =>
  (require("./stand-in") as typeof import("./stand-in")).standIn;

/** Amazon EKS. */
export const eks = {
  kind: "eks",
  schema,
  checkPools,
  clusterNetwork,
  nodeSize: ({ machineType = "" }) => ec2.size(machineType),
  costs: loadCosts,
  priceList: loadPriceList,
  plugin: { name: "aws", npm: "@pulumi/aws" },
  standIn: loadStandIn,
  access: {
    programs: { aws: "answers for who you are, to AWS and to the cluster" },
    login: {
      call: ["aws", "sts", "get-caller-identity"],
      by: "aws sso login",
    },
  },
  audit,
  shortLived: { systemNodes: 1, cheaper },
  policy,
  nameLimits,
  provision: (request) => new (load().EksPlatform)(request),
} satisfies Target<"eks", EksConfig>;

/** One way out for all zones, and logs for a week. */
function cheaper(target: Readonly<Record<string, unknown>>) {
  const { network } = target;
  return {
    ...target,
    ...(isObject(network) && { network: { ...network, nat: "single" } }),
    logDays: 7,
  };
}
