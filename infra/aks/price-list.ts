import { z } from "zod";

import {
  get,
  type ListedMachine,
  type PriceList,
  ratesOf,
} from "../prices/refresh/listed";
import { pricedType, prices } from "./costs";

/** The retail prices of virtual machines in the regions that have prices. */
export const priceList: PriceList = {
  source: { name: "retail-prices", what: "Azure Retail Prices API" },
  async fetch() {
    const machines: ListedMachine[] = [];
    for (const region of prices.regions) {
      for (let next: string | undefined = firstPage(region); next;) {
        const page = pageOf(await (await get(next)).json());
        machines.push(...page.machines);
        next = page.next;
      }
    }
    return { machines, ...ratesOf(machines, pricedType) };
  },
};

const answer = z.looseObject({
  Items: z.array(
    z.looseObject({
      currencyCode: z.string(),
      retailPrice: z.number(),
      armRegionName: z.string(),
      armSkuName: z.string(),
      productName: z.string(),
      skuName: z.string(),
      meterName: z.string(),
      unitOfMeasure: z.string(),
      type: z.string(),
    }),
  ),
  NextPageLink: z.string().nullish(),
});

/** The first page of the virtual machines of a region; needs no account. */
function firstPage(region: string): string {
  const filter = [
    "serviceName eq 'Virtual Machines'",
    `armRegionName eq '${region}'`,
    "priceType eq 'Consumption'",
  ].join(" and ");
  return `https://prices.azure.com/api/retail/prices?$filter=${encodeURIComponent(filter)}`;
}

/** Other products under the name of a machine: dearer or cheaper, and no Linux machine on demand. */
const others = /Windows|Spot|Low Priority|CloudServices|Dedicated/i;

/** Linux machines on demand of one page, and the address of the next. */
export function pageOf(json: unknown): {
  readonly machines: readonly ListedMachine[];
  readonly next: string | undefined;
} {
  const { Items, NextPageLink } = answer.parse(json);
  return {
    machines: Items.flatMap((item) =>
      item.type === "Consumption" &&
      item.currencyCode === "USD" &&
      item.unitOfMeasure === "1 Hour" &&
      item.retailPrice > 0 &&
      !others.test(`${item.productName} ${item.skuName} ${item.meterName}`)
        ? [
            {
              region: item.armRegionName,
              machine: item.armSkuName,
              usd: item.retailPrice,
            },
          ]
        : [],
    ),
    next: NextPageLink ?? undefined,
  };
}
