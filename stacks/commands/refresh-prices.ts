// Writes the prices of machines anew from the clouds' own lists, and prints what moved: npm run prices
// It needs the internet; Google's list also a key of the Cloud Billing API, in GOOGLE_API_KEY.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

import { parseDocument } from "yaml";

import {
  pricedType as azureType,
  prices as azurePrices,
} from "../../infra/aks/costs";
import {
  pricedType as awsType,
  prices as awsPrices,
} from "../../infra/eks/costs";
import { prices as gcpPrices } from "../../infra/gke/costs";
import { offeredMachines, offerFile } from "../../infra/prices/refresh/aws";
import * as azure from "../../infra/prices/refresh/azure";
import * as gcp from "../../infra/prices/refresh/gcp";
import {
  type ListedMachine,
  type Rate,
  ratesOf,
} from "../../infra/prices/refresh/listed";
import { update } from "../../infra/prices/refresh/moved";

const infra = join(__dirname, "../../infra");

async function main(): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const aws = await awsMachines();
  write("eks", withRates(aws, awsType), {
    ...{ name: "price-list", what: "AWS Price List, offer files of EC2", date },
  });
  const vms = await azureMachines();
  write("aks", withRates(vms, azureType), {
    ...{ name: "retail-prices", what: "Azure Retail Prices API", date },
  });
  const key = process.env["GOOGLE_API_KEY"];
  if (!key) {
    throw new Error(
      "GOOGLE_API_KEY: missing: make a key of the Cloud Billing API; the prices of Google Cloud are left as they were",
    );
  }
  write(
    "gke",
    { rates: await googleRates(key), machines: [] },
    {
      ...{
        name: "billing-catalog",
        what: "Google Cloud Billing Catalog",
        date,
      },
    },
  );
}

async function awsMachines(): Promise<ListedMachine[]> {
  const machines: ListedMachine[] = [];
  for (const region of awsPrices.regions) {
    const { body } = await get(offerFile(region));
    if (!body) throw new Error(`prices of ${region}: no answer`);
    const input = Readable.fromWeb(body as ReadableStream);
    for await (const each of offeredMachines(
      region,
      createInterface({ input }),
    )) {
      machines.push(each);
    }
  }
  return machines;
}

async function azureMachines(): Promise<ListedMachine[]> {
  const machines: ListedMachine[] = [];
  for (const region of azurePrices.regions) {
    for (let next: string | undefined = azure.firstPage(region); next;) {
      const page = azure.pageOf(await (await get(next)).json());
      machines.push(...page.machines);
      next = page.next;
    }
  }
  return machines;
}

async function googleRates(key: string): Promise<Rate[]> {
  const parts = [];
  for (let token: string | undefined = ""; token !== undefined;) {
    const page = gcp.pageOf(await (await get(gcp.page(key, token))).json());
    parts.push(...page.parts);
    token = page.next;
  }
  return gcp
    .ratesOfParts(parts)
    .filter(({ region }) => gcpPrices.regions.includes(region));
}

function withRates(
  machines: readonly ListedMachine[],
  typeOf: Parameters<typeof ratesOf>[1],
) {
  const { rates, strays } = ratesOf(machines, typeOf);
  for (const stray of strays) process.stderr.write(`left out: ${stray}\n`);
  return { rates, machines };
}

function write(
  target: string,
  listed: Parameters<typeof update>[1],
  source: Parameters<typeof update>[2],
): void {
  const file = join(infra, target, "prices/machines.yaml");
  const document = parseDocument(readFileSync(file, "utf8"));
  const moved = update(document, listed, source);
  writeFileSync(file, document.toString({ lineWidth: 0 }));
  process.stdout.write(`${target}: ${moved.length} prices moved\n`);
  for (const line of moved) process.stdout.write(`  ${line}\n`);
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) {
    const { origin, pathname } = new URL(url);
    throw new Error(`${origin}${pathname}: ${response.status}`);
  }
  return response;
}

main().catch((error: unknown) => {
  process.stderr.write(
    `prices: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
});
