import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

import {
  get,
  type ListedMachine,
  type PriceList,
  ratesOf,
} from "../prices/refresh/listed";
import { pricedType, prices } from "./costs";

/** The offer files of EC2 in the regions that have prices. */
export const priceList: PriceList = {
  source: { name: "price-list", what: "AWS Price List, offer files of EC2" },
  async fetch() {
    const machines: ListedMachine[] = [];
    for (const region of prices.regions) {
      const { body } = await get(offerFile(region));
      if (!body) throw new Error(`prices of ${region}: no answer`);
      const input = Readable.fromWeb(body as ReadableStream);
      const lines = createInterface({ input });
      for await (const each of offeredMachines(region, lines)) {
        machines.push(each);
      }
    }
    return { machines, ...ratesOf(machines, pricedType) };
  },
};

/** The offer file of EC2 in a region, as CSV; needs no account. */
function offerFile(region: string): string {
  return `https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/${region}/index.csv`;
}

/** Filters of a price row for on-demand Linux; without each of them, dearer products match. */
const wanted: Readonly<Record<string, string>> = {
  TermType: "OnDemand",
  Unit: "Hrs",
  Currency: "USD",
  Tenancy: "Shared",
  "Operating System": "Linux",
  "Pre Installed S/W": "NA",
  CapacityStatus: "Used",
};

/** Machines of an offer file, line by line: it has hundreds of megabytes. */
export async function* offeredMachines(
  region: string,
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<ListedMachine> {
  let columns: readonly string[] | undefined;
  for await (const line of lines) {
    const cells = cellsOf(line);
    // Some lines about the file stand before the header.
    if (!columns) {
      if (cells[0] === "SKU") columns = cells;
      continue;
    }
    const known = columns;
    const cell = (name: string) => cells[known.indexOf(name)] ?? "";
    const usd = Number(cell("PricePerUnit"));
    const isWanted = Object.entries(wanted).every(
      ([name, value]) => cell(name) === value,
    );
    if (isWanted && usd > 0) {
      yield { region, machine: cell("Instance Type"), usd };
    }
  }
  if (!columns) throw new Error(`prices of ${region}: no header in the file`);
}

/** Cells of a line in which every one is in quotes. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, cell = ""]) =>
    cell.replaceAll('""', '"'),
  );
}
