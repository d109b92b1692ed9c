import { readFileSync } from "node:fs";

import { judgeRecord } from "./record-faults";

// Runs the validation of `features check` for a test that compares it with Spark's: a contract and records as JSON on
// the standard input, the faults of each record on the output.
const { contract, records } = JSON.parse(readFileSync(0, "utf8")) as {
  contract: Parameters<typeof judgeRecord>[0];
  records: readonly string[];
};
process.stdout.write(
  JSON.stringify(records.map((each) => judgeRecord(contract, each).faults)),
);
