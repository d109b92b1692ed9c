import { apiAllowList } from "./api-allow-list";
import { boundedPools } from "./bounded-pools";
import { noPrivilegedPod } from "./no-privileged-pod";
import { noPublicBucket } from "./no-public-bucket";
import { noStaticKeys } from "./no-static-keys";
import { requestsAndLimits } from "./requests-and-limits";
import type { Rule } from "./rule";
import { tagged } from "./tagged";

/** Policy rules for every stack. */
export const rules: readonly Rule[] = [
  noPublicBucket,
  apiAllowList,
  noStaticKeys,
  noPrivilegedPod,
  boundedPools,
  requestsAndLimits,
  tagged,
];
