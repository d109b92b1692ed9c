import { z } from "zod";

import { get, type PriceList, type Rate } from "../prices/refresh/listed";
import { prices } from "./costs";

/** The catalog of Compute Engine's parts; it wants a key. */
export const priceList: PriceList = {
  source: { name: "billing-catalog", what: "Google Cloud Billing Catalog" },
  async fetch() {
    const key = process.env["GOOGLE_API_KEY"];
    if (!key) {
      throw new Error(
        "GOOGLE_API_KEY: missing: make a key of the Cloud Billing API; the prices of Google Cloud are left as they were",
      );
    }
    const parts = [];
    for (let token: string | undefined = ""; token !== undefined;) {
      const answer = pageOf(await (await get(page(key, token))).json());
      parts.push(...answer.parts);
      token = answer.next;
    }
    const rates = ratesOfParts(parts).filter(({ region }) =>
      prices.regions.includes(region),
    );
    return { machines: [], rates, strays: [] };
  },
};

const answer = z.looseObject({
  skus: z.array(
    z.looseObject({
      description: z.string(),
      category: z.looseObject({
        resourceFamily: z.string(),
        usageType: z.string(),
      }),
      serviceRegions: z.array(z.string()),
      pricingInfo: z.array(
        z.looseObject({
          pricingExpression: z.looseObject({
            usageUnit: z.string(),
            tieredRates: z.array(
              z.looseObject({
                unitPrice: z.looseObject({
                  currencyCode: z.string(),
                  units: z.string().default("0"),
                  nanos: z.number().default(0),
                }),
              }),
            ),
          }),
        }),
      ),
    }),
  ),
  nextPageToken: z.string().optional(),
});

/** A page of the catalog of Compute Engine. */
function page(key: string, token: string): string {
  const query = new URLSearchParams({
    ...{ key, currencyCode: "USD", pageSize: "5000" },
    ...(token === "" ? {} : { pageToken: token }),
  });
  return `https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus?${query.toString()}`;
}

/** `N2 Instance Core running in Netherlands`, `Compute optimized` being C2: the names that a family has. */
const names: readonly (readonly [RegExp, string])[] = [
  [/^N1 Predefined Instance (Core|Ram) /, "n1"],
  [/^Compute optimized (Core|Ram) /i, "c2"],
  [/^([A-Z]\d[A-Z]?) (?:AMD |Arm )?Instance (Core|Ram) /, ""],
];

/** Rates of vCPUs and memory on a page, each apart, and the token of the next page. */
export function pageOf(json: unknown): {
  readonly parts: readonly (Pick<Rate, "region" | "family"> & {
    readonly part: "vcpu" | "gib";
    readonly usd: number;
  })[];
  readonly next: string | undefined;
} {
  const { skus, nextPageToken } = answer.parse(json);
  const parts = skus.flatMap(({ description, category, ...sku }) => {
    if (
      category.resourceFamily !== "Compute" ||
      category.usageType !== "OnDemand" ||
      /Custom|Sole Tenancy|Reserved|DWS|Upgrade/i.test(description)
    ) {
      return [];
    }
    const [pattern, fixed] =
      names.find(([each]) => each.test(description)) ?? [];
    const found = pattern?.exec(description);
    const rate = sku.pricingInfo[0]?.pricingExpression;
    // The last tier: the first is free where there is a free allowance.
    const price = rate?.tieredRates.at(-1)?.unitPrice;
    if (!found || !price || price.currencyCode !== "USD") return [];
    const family = fixed || (found[1] ?? "").toLowerCase();
    const part = (found.at(-1) ?? "").toLowerCase() === "core" ? "vcpu" : "gib";
    const usd = Number(price.units) + price.nanos / 1e9;
    return sku.serviceRegions.map((region) => ({
      ...{ region, family, usd },
      part: part as "vcpu" | "gib",
    }));
  });
  return { parts, next: nextPageToken || undefined };
}

/** Rates of families of which both parts are there. */
export function ratesOfParts(
  parts: ReturnType<typeof pageOf>["parts"],
): Rate[] {
  const rates = new Map<string, Rate>();
  for (const { region, family, part, usd } of parts) {
    const key = `${region} ${family}`;
    const rate = rates.get(key) ?? { region, family, vcpu: 0, gib: 0 };
    rates.set(key, { ...rate, [part]: usd });
  }
  return [...rates.values()].filter(({ vcpu, gib }) => vcpu > 0 && gib > 0);
}
