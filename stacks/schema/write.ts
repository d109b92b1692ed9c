// Regenerates stacks/schema.json and docs/configuration.md: npm run schema
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { pages } from "./pages";

async function main(): Promise<void> {
  for (const [path, text] of await pages()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
