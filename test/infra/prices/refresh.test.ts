import assert from "node:assert/strict";

import { parseDocument } from "yaml";

import { pricedType as azureType } from "../../../infra/aks/costs";
import { pricedType as awsType } from "../../../infra/eks/costs";
import { offeredMachines } from "../../../infra/eks/price-list";
import * as azure from "../../../infra/aks/price-list";
import * as gcp from "../../../infra/gke/price-list";
import { ratesOf } from "../../../infra/prices/refresh/listed";
import { update } from "../../../infra/prices/refresh/moved";

/** An offer file's columns, as many as matter, in an order of their own. */
const columns = [
  "SKU",
  "TermType",
  "PriceDescription",
  "Unit",
  "PricePerUnit",
  "Currency",
  "Instance Type",
  "Tenancy",
  "Operating System",
  "Pre Installed S/W",
  "CapacityStatus",
];

function offer(changes: Readonly<Record<string, string>> = {}): string {
  const cells: Readonly<Record<string, string>> = {
    SKU: "ABCD",
    TermType: "OnDemand",
    PriceDescription: '$0.483 per On Demand ""Linux"" m7i.2xlarge Hour, net',
    Unit: "Hrs",
    PricePerUnit: "0.4830000000",
    Currency: "USD",
    "Instance Type": "m7i.2xlarge",
    Tenancy: "Shared",
    "Operating System": "Linux",
    "Pre Installed S/W": "NA",
    CapacityStatus: "Used",
    ...changes,
  };
  return columns.map((name) => `"${cells[name] ?? ""}"`).join(",");
}

const offerFile = [
  '"FormatVersion","v1.0"',
  '"Publication Date","2026-11-20T00:00:00Z"',
  columns.map((name) => `"${name}"`).join(","),
  offer(),
  offer({ "Operating System": "Windows", PricePerUnit: "0.851" }),
  offer({ Tenancy: "Dedicated", PricePerUnit: "0.531" }),
  offer({ "Pre Installed S/W": "SQL Std", PricePerUnit: "1.4" }),
  offer({ CapacityStatus: "UnusedCapacityReservation" }),
  offer({ TermType: "Reserved", PricePerUnit: "0.3" }),
  offer({ PricePerUnit: "0.0000000000" }),
];

const vm = {
  currencyCode: "USD",
  retailPrice: 0.46,
  armRegionName: "westeurope",
  armSkuName: "Standard_D8s_v5",
  productName: "Virtual Machines Dsv5 Series",
  skuName: "D8s v5",
  meterName: "D8s v5",
  unitOfMeasure: "1 Hour",
  type: "Consumption",
};

function sku(description: string, nanos: number, changes: object = {}) {
  return {
    description,
    category: {
      resourceFamily: "Compute",
      resourceGroup: "CPU",
      usageType: "OnDemand",
    },
    serviceRegions: ["europe-west4"],
    pricingInfo: [
      {
        pricingExpression: {
          usageUnit: "h",
          tieredRates: [
            {
              startUsageAmount: 0,
              unitPrice: { currencyCode: "USD", units: "0", nanos },
            },
          ],
        },
      },
    ],
    ...changes,
  };
}

describe("clients of the clouds' price lists", () => {
  it("take of an offer file of AWS the plain Linux machines on demand", async () => {
    const machines = [];
    for await (const each of offeredMachines("eu-central-1", offerFile)) {
      machines.push(each);
    }
    assert.deepEqual(machines, [
      { region: "eu-central-1", machine: "m7i.2xlarge", usd: 0.483 },
    ]);
  });

  it("refuse a file without a header", async () => {
    await assert.rejects(async () => {
      for await (const each of offeredMachines("eu-central-1", ["<html>"])) {
        assert.fail(each.machine);
      }
    }, /no header/);
  });

  it("take of a page of Azure no Windows, spot or low priority, and follow to the next", () => {
    const page = azure.pageOf({
      BillingCurrency: "USD",
      Items: [
        vm,
        {
          ...vm,
          retailPrice: 0.828,
          productName: "Virtual Machines Dsv5 Series Windows",
        },
        { ...vm, retailPrice: 0.06, skuName: "D8s v5 Spot" },
        { ...vm, retailPrice: 0.09, meterName: "D8s v5 Low Priority" },
        { ...vm, retailPrice: 3000, type: "Reservation" },
      ],
      NextPageLink: "https://prices.azure.com:443/api/retail/prices?$skip=100",
      Count: 5,
    });
    assert.deepEqual(page.machines, [
      { region: "westeurope", machine: "Standard_D8s_v5", usd: 0.46 },
    ]);
    assert.match(page.next ?? "", /skip=100/);
    assert.equal(
      azure.pageOf({ Items: [], NextPageLink: null }).next,
      undefined,
    );
  });

  it("take of Google's catalog a family's vCPU and memory, each apart", () => {
    const { parts, next } = gcp.pageOf({
      skus: [
        sku("N2 Instance Core running in Netherlands", 34806000),
        sku("N2 Instance Ram running in Netherlands", 4664500),
        sku("N2 Custom Instance Core running in Netherlands", 36546000),
        sku("N2D AMD Instance Core running in Netherlands", 30281000),
        sku("N2 Sole Tenancy Instance Core running in Netherlands", 1),
        sku("Spot Preemptible N2 Instance Core running in Netherlands", 1, {
          category: {
            resourceFamily: "Compute",
            resourceGroup: "CPU",
            usageType: "Preemptible",
          },
        }),
      ],
      nextPageToken: "",
    });
    assert.deepEqual(gcp.ratesOfParts(parts), [
      {
        region: "europe-west4",
        family: "n2",
        vcpu: 0.034806,
        gib: 0.0046645,
      },
    ]);
    assert.equal(next, undefined);
  });

  it("leave out a family with a size off its line, and name the size", () => {
    const listed = (machine: string, usd: number) => ({
      ...{ region: "westeurope", machine, usd },
    });
    const { rates, strays } = ratesOf(
      [
        listed("Standard_D8as_v5", 0.416),
        // The Windows price of a table that had it.
        listed("Standard_D16as_v5", 1.568),
        listed("Standard_D32as_v5", 1.664),
        listed("Standard_D8s_v5", 0.46),
        listed("Standard_D16s_v5", 0.92),
      ],
      azureType,
    );
    assert.deepEqual(rates, [
      { region: "westeurope", family: "Ds_v5", vcpu: 0.0575, gib: 0 },
    ]);
    assert.equal(strays.length, 1);
    assert.match(strays[0] ?? "", /Das_v5.*Standard_D16as_v5 at 1\.568/);
  });

  it("write what moved over the table, with its source, and leave the rest", () => {
    const document = parseDocument(
      [
        "# Kept.",
        "sources:",
        '  old: { what: "a list", date: "2025-05-28" }',
        "rates:",
        "  eu-central-1:",
        "    m7i: { vcpu: 0.060375, source: old }",
        "    r7i: { vcpu: 0.0798, source: old }",
        "machines:",
        "  eu-central-1:",
        "    p5.48xlarge: { usd: 98.32, source: old }",
        "",
      ].join("\n"),
    );
    const machines = [
      { region: "eu-central-1", machine: "m7i.2xlarge", usd: 0.483 },
      { region: "eu-central-1", machine: "p5.48xlarge", usd: 55.04 },
      { region: "eu-central-1", machine: "z9.large", usd: 1 },
    ];
    const { rates } = ratesOf(machines, awsType);
    const source = { name: "new", what: "the list", date: "2026-11-27" };
    const moved = update(document, { rates, machines }, source);
    assert.deepEqual(moved, [
      "eu-central-1 p5.48xlarge usd: 98.32 -> 55.04 (-44.0 %)",
    ]);
    const text = document.toString();
    assert.match(text, /^# Kept\./);
    assert.match(text, /m7i: \{ vcpu: 0\.060375, source: new \}/);
    assert.match(text, /r7i: \{ vcpu: 0\.0798, source: old \}/);
    assert.match(text, /p5\.48xlarge: \{ usd: 55\.04, source: new \}/);
    assert.doesNotMatch(text, /z9/);
  });
});
