import type { Target } from "../target";
import { audit } from "./audit";
import { clusterNetwork } from "./cluster-network";
import { checkPools, type GkeConfig, schema } from "./config";
import { nameLimits } from "./name-limits";
import { policy } from "./policy";
import { computeEngine } from "./rules";

// Loaded when it is chosen: what belongs to one target must not slow the preview of another.
const load = () => require("./platform") as typeof import("./platform");
const loadCosts = () => require("./costs") as typeof import("./costs");
const loadPriceList = () =>
  (require("./price-list") as typeof import("./price-list")).priceList;
const loadStandIn = () =>
  (require("./stand-in") as typeof import("./stand-in")).standIn;

/** Google Kubernetes Engine. */
export const gke = {
  kind: "gke",
  schema,
  checkPools,
  clusterNetwork,
  nodeSize: ({ machineType = "" }) => computeEngine.size(machineType),
  costs: loadCosts,
  priceList: loadPriceList,
  plugin: { name: "gcp", npm: "@pulumi/gcp" },
  standIn: loadStandIn,
  access: {
    programs: {
      gcloud: "answers for who you are to Google Cloud",
      "gke-gcloud-auth-plugin": "answers for who you are to the cluster",
    },
    login: {
      call: ["gcloud", "auth", "application-default", "print-access-token"],
      by: "gcloud auth application-default login",
    },
  },
  audit,
  shortLived: { systemNodes: 1 },
  policy,
  nameLimits,
  provision: (request) => new (load().GkePlatform)(request),
} satisfies Target<"gke", GkeConfig>;
