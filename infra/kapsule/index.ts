import type { Target } from "../target";
import { audit } from "./audit";
import { clusterNetwork } from "./cluster-network";
import { checkPools, type KapsuleConfig, schema } from "./config";
import { nameLimits } from "./name-limits";
import { policy } from "./policy";
import { instances } from "./rules";

// Loaded when it is chosen: what belongs to one target must not slow the preview of another.
const load = () => require("./platform") as typeof import("./platform");
const loadCosts = () => require("./costs") as typeof import("./costs");
const loadStandIn = () =>
  (require("./stand-in") as typeof import("./stand-in")).standIn;

/** Scaleway Kubernetes Kapsule. */
export const kapsule = {
  kind: "kapsule",
  schema,
  checkPools,
  clusterNetwork,
  nodeSize: ({ machineType = "" }) => instances.size(machineType),
  costs: loadCosts,
  plugin: { name: "scaleway", npm: "@pulumiverse/scaleway" },
  standIn: loadStandIn,
  access: {
    programs: {
      scw: "answers for who you are, to Scaleway and to the cluster",
    },
    login: { call: ["scw", "account", "project", "list"], by: "scw init" },
  },
  audit,
  shortLived: { systemNodes: 1, spot: false },
  policy,
  nameLimits,
  provision: (request) => new (load().KapsulePlatform)(request),
} satisfies Target<"kapsule", KapsuleConfig>;
