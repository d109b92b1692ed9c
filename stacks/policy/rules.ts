import { apiAllowList } from "./api-allow-list";
import { boundedPools } from "./bounded-pools";
import { noBroadRights } from "./no-broad-rights";
import { noPrivilegedPod } from "./no-privileged-pod";
import { noPublicBucket } from "./no-public-bucket";
import { noPublicService } from "./no-public-service";
import { noStaticKeys } from "./no-static-keys";
import { requestsAndLimits } from "./requests-and-limits";
import type { Rule } from "./rule";
import { tagged } from "./tagged";

/** Policy rules for every stack. */
export const rules: readonly Rule[] = [
  noPublicBucket,
  apiAllowList,
  noPublicService,
  noBroadRights,
  noStaticKeys,
  noPrivilegedPod,
  boundedPools,
  requestsAndLimits,
  tagged,
];
