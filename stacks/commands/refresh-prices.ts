// Updates machine prices from the clouds' own lists, and prints the changes: npm run prices
// It needs the internet; Google's list also a key of the Cloud Billing API, in GOOGLE_API_KEY.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { priceLists } from "../../infra";
import { update } from "../../infra/prices/refresh/moved";

const infra = join(__dirname, "../../infra");

async function main(): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  for (const [kind, list] of priceLists()) {
    // One that does not answer leaves its own prices as they were.
    try {
      const { strays, ...listed } = await list.fetch();
      for (const stray of strays) process.stderr.write(`left out: ${stray}\n`);
      write(kind, listed, { ...list.source, date });
    } catch (error) {
      refuse(error);
    }
  }
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

function refuse(error: unknown): void {
  process.stderr.write(
    `prices: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}

main().catch(refuse);
