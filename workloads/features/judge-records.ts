import { readFileSync } from "node:fs";

import { judgeRecord } from "./record-faults";

// What `features check` makes of records, for a test that holds it against Spark: a contract and records as JSON on the
// standard input, and the faults of each on the output.
const { contract, records } = JSON.parse(readFileSync(0, "utf8")) as {
  contract: Parameters<typeof judgeRecord>[0];
  records: readonly string[];
};
process.stdout.write(
  JSON.stringify(records.map((each) => judgeRecord(contract, each).faults)),
);
