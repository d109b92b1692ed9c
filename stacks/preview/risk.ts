import { typeOf, type Step } from "./digest";

/** Why a reviewer should look at a resource first. */
export interface Risk {
  /** Smaller comes first. */
  readonly rank: 0 | 1 | 2 | 3;
  readonly words: string;
}

/** Types whose end takes along what no program can make again, and what that is. */
const holdings: readonly (readonly [RegExp, string])[] = [
  [/^aws:s3\/bucket(V2)?:Bucket(V2)?$/, "its objects"],
  [/^gcp:storage\/bucket:Bucket$/, "its objects"],
  [
    /^azure-native:storage(\/v\d+\w*)?:(StorageAccount|BlobContainer)$/,
    "its objects",
  ],
  // StoreBucket: of stacks that still have Garage.
  [/^mlstack:index:(Embedded|Store)Bucket$/, "its objects"],
  [/^aws:(rds|docdb|dynamodb)\//, "its records"],
  [/^gcp:sql\//, "its records"],
  [/^aws:(ebs|efs|fsx)\//, "its files"],
  [/^gcp:(compute\/(region)?disk|filestore\/)/i, "its files"],
  [/^azure-native:compute(\/v\d+\w*)?:Disk$/, "its files"],
  [/^kubernetes:core\/v1:PersistentVolume(Claim)?$/, "its files"],
  [
    /^aws:ecr\/repository:Repository$|^gcp:artifactregistry\/repository:|^azure-native:containerregistry(\/v\d+\w*)?:Registry$/,
    "its images",
  ],
  [
    /^aws:kms\/key:Key$|^gcp:kms\/cryptoKey:|^azure-native:keyvault(\/v\d+\w*)?:(Vault|Key)$/,
    "everything encrypted with it",
  ],
  [
    /^aws:eks\/cluster:Cluster$|^gcp:container\/cluster:Cluster$|^azure-native:containerservice(\/v\d+\w*)?:ManagedCluster$|^mlstack:index:\w+Cluster$/,
    "everything that runs in it, with its volumes",
  ],
  [
    /^azure-native:resources(\/v\d+\w*)?:ResourceGroup$/,
    "everything in the group",
  ],
  [/^kubernetes:core\/v1:Namespace$/, "everything in the namespace"],
  [
    /^kubernetes:apiextensions\.k8s\.io\/v1:CustomResourceDefinition$/,
    "every object of the kind",
  ],
  [/^kubernetes:kafka\.strimzi\.io\/.*:(Kafka|KafkaTopic)$/, "its records"],
];

/** The risk of a step; undefined for one that only adds or adjusts. */
export function riskOf(step: Step): Risk | undefined {
  switch (step.op) {
    case "replace":
    case "delete": {
      const lost = holdings.find(([type]) => type.test(typeOf(step)))?.[1];
      if (lost) return { rank: 0, words: `loses ${lost}` };
      return step.op === "replace"
        ? { rank: 2, words: "is made anew" }
        : { rank: 3, words: "goes away" };
    }
    case "same":
    case "update": {
      const words = weakerGuard(step);
      return words ? { rank: 1, words } : undefined;
    }
    default:
      return undefined;
  }
}

/** Updates after which data can be lost. */
function weakerGuard({ oldState, newState }: Step): string | undefined {
  if (oldState?.protect && !newState?.protect) return "is no longer protected";
  const [before, after] = [oldState?.inputs ?? {}, newState?.inputs ?? {}];
  const turnedOn = ["forceDestroy", "forceDelete"].some(
    (key) => before[key] !== true && after[key] === true,
  );
  if (turnedOn) return "will be deleted with all that it holds";
  return versioned(before) && !versioned(after)
    ? "keeps no old versions any more"
    : undefined;
}

/** How each cloud says that a bucket keeps old versions. */
function versioned(inputs: Readonly<Record<string, unknown>>): boolean {
  return (
    at(inputs, "versioningConfiguration", "status") === "Enabled" ||
    at(inputs, "versioning", "enabled") === true ||
    inputs["isVersioningEnabled"] === true
  );
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );
}
