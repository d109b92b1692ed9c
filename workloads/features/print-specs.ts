import { clickstreamDataSet } from "../clickstream/data-set";
import { declareDataSet } from "./declare";
import { specs } from "./specs";

// What the jobs read, for their tests: `npx tsx workloads/features/print-specs.ts > workloads/features/stream_tests/specs.json`
process.stdout.write(
  `${JSON.stringify(specs(declareDataSet(clickstreamDataSet, ["ml"])), null, 2)}\n`,
);
