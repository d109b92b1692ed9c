import { HiddenValue } from "../infra/problem";

/**
 * Keys of a stack's configuration whose values an error may show: names, places, sizes, times and choices. A key that is
 * not here may hold a secret, or a whole section in which there is one.
 */
const plainKeys: ReadonlySet<string> = new Set(
  `account address admins apiAllow apiPort batch brokers bucketPrefix channel cidr clusterCidr context controlPlane
   cores count cpu cpuRequest cuda dashboard dataDir disk diskGiB edit enabled epochs events everySeconds
   expireNoncurrentDays expiry fingerprint gpuDriver gpus gpuZones idleMinutes ignorePreflightErrors incremental
   instances instant intervalSeconds keepDays kind kserve lifetime logDays machineType max mechanism memory min monthly
   name nat nodes notebookIdleMinutes notebooks overlap owner ownModels partitionColumn partitions path pipelines
   podCidr pods pool poolLabel port prefix profiles project protocol rate region replicas retention retentionBytes
   retentionHours role schedule scheduled seed serviceCidr services size spot stop storage storageClass storeSize
   subnet subscription table team tenant threshold timeoutSeconds timeZone topic trainingOperator type version
   versioned view workers`.split(/\s+/),
);

const kinds = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
} as const;

/**
 * Value at a path as an error shows it: the value of a plain key, otherwise only its type.
 *
 * @param path keys and indices from the root of the configuration
 */
export function shownValue(
  path: readonly PropertyKey[],
  value: unknown,
): unknown {
  if (value === undefined || value === null) return value;
  const key = path.findLast((part) => typeof part === "string");
  if (typeof value === "object") {
    return new HiddenValue(Array.isArray(value) ? "a list" : "a section");
  }
  return key !== undefined && plainKeys.has(key) && !hasLogin(value)
    ? value
    : new HiddenValue(kinds[typeof value as keyof typeof kinds] ?? "a value");
}

/** Whether a text is a URL with a name or password in it. */
function hasLogin(value: unknown): boolean {
  return typeof value === "string" && /:\/\/[^/]*@/.test(value);
}
