import { readDataSet } from "./read-data-set";
import { specs } from "./specs";

// Prints the declarations that the jobs' tests read: `npx tsx workloads/features/print-specs.ts >
// workloads/features/stream_tests/specs.json`
const place = "print-specs";
const { dataSet, problems } = readDataSet({ name: "clickstream", place });
if (dataSet === undefined) throw new Error(JSON.stringify(problems));
process.stdout.write(`${JSON.stringify(specs(dataSet), null, 2)}\n`);
