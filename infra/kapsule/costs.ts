import type { Bill, DeclaredResource, TargetCosts } from "../prices/bill";
import type { KapsuleConfig } from "./config";

/** Resources of Scaleway that cost nothing by themselves. */
const free =
  /^scaleway:(iam|network\/(vpc|privateNetwork|gatewayNetwork)|kubernetes\/(cluster|acl)|object\/bucketPolicy)/;

/** Prices of Scaleway are not in the project: everything that costs is named, and none of it has a price. */
export function bill(resources: readonly DeclaredResource[]): Bill {
  return {
    items: [],
    usage: [],
    unpriced: resources
      .filter(({ type }) => type.startsWith("scaleway:") && !free.test(type))
      .map(({ type, name, inputs }) => ({
        resource: name,
        what: whatOf(type, inputs),
      })),
  };
}

function whatOf(type: string, inputs: DeclaredResource["inputs"]): string {
  return type === "scaleway:kubernetes/pool:Pool"
    ? `${String(inputs["minSize"])} to ${String(inputs["maxSize"])} of ${String(inputs["nodeType"])}: prices of Scaleway are unknown here`
    : type;
}

/** No table has the price of a node. */
export const nodeHour: TargetCosts<KapsuleConfig>["nodeHour"] = () => undefined;
