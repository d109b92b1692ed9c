import type { Target } from "../target";
import { audit } from "./audit";
import { clusterNetwork } from "./cluster-network";
import { type AksConfig, checkPools, schema } from "./config";
import { nameLimits } from "./name-limits";
import { policy } from "./policy";
import { azureSizes } from "./rules";

// Loaded when it is chosen: what belongs to one target must not slow the preview of another.
const load = () => require("./platform") as typeof import("./platform");
const loadCosts = () => require("./costs") as typeof import("./costs");
const loadPriceList = () =>
  (require("./price-list") as typeof import("./price-list")).priceList;
const loadStandIn = () =>
  (require("./stand-in") as typeof import("./stand-in")).standIn;

/** Azure Kubernetes Service. */
export const aks = {
  kind: "aks",
  schema,
  checkPools,
  clusterNetwork,
  nodeSize: ({ machineType = "" }) => azureSizes.size(machineType),
  costs: loadCosts,
  priceList: loadPriceList,
  plugin: { name: "azure-native", npm: "@pulumi/azure-native" },
  standIn: loadStandIn,
  access: {
    programs: {
      az: "answers for who you are to Azure",
      kubelogin: "answers for who you are to the cluster",
    },
    login: { call: ["az", "account", "show"], by: "az login" },
  },
  audit,
  shortLived: {
    // AKS has a pool of its own for the cluster's services.
    systemNodes: 0,
  },
  policy,
  nameLimits,
  provision: (request) => new (load().AksPlatform)(request),
} satisfies Target<"aks", AksConfig>;
