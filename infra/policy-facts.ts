/** Properties of a resource. */
export type Properties = Readonly<Record<string, unknown>>;

/** A resource as a rule sees it. */
export interface PolicyResource {
  readonly type: string;
  readonly name: string;
  readonly props: Properties;
  /** URN of the parent. */
  readonly parent?: string;
  /** Properties of its provider. */
  readonly provider?: Properties;
}

/** Problems of a resource, by its type without an API version. */
export type ResourceChecks = Readonly<
  Record<string, (resource: PolicyResource) => readonly string[]>
>;

/** Paths of tags in a provider's resources. */
export interface TagPlaces {
  /** Beginning of the types of its resources, such as `aws:`. */
  readonly prefix: string;
  /** Properties of a resource that hold its tags. */
  readonly own: readonly [string, ...string[]];
  /** Path in the provider's settings to the tags of all that it makes. */
  readonly all?: readonly [string, ...string[]];
  /** Types that have no tags, as parts and settings of another resource. */
  readonly untaggable?: readonly RegExp[];
  /** Further problems of a resource's tags. @param missing names those that are not there */
  also?(
    resource: PolicyResource,
    missing: (tags: unknown, keys: readonly string[]) => readonly string[],
  ): readonly string[];
}

/** Facts of a target's own resources for the policy rules. */
export interface PolicyFacts {
  /** Buckets, and who reads them. */
  readonly publicBuckets?: ResourceChecks;
  /** Buckets that are closed by another resource beside them. */
  openBuckets?(resources: readonly PolicyResource[]): readonly PolicyResource[];
  /** Clusters whose API answers to more than named ranges. */
  readonly openApis?: ResourceChecks;
  /** Pools that grow without an end. @param most nodes of a pool */
  readonly boundedPools?: Readonly<
    Record<string, (resource: PolicyResource) => readonly PoolBound[]>
  >;
  /** Types that are keys which live until somebody removes them. */
  readonly keyTypes?: readonly RegExp[];
  /** Settings of a provider that would hold a key, by its type. */
  readonly providerKeys?: Readonly<Record<string, readonly string[]>>;
  /** Rights on everything, or for everybody. */
  readonly broadRights?: ResourceChecks;
  /** Ways into a service beside the provider's identities. */
  readonly staticKeys?: ResourceChecks;
  readonly tags?: TagPlaces;
  /** Types whose deletion destroys data that no program can recreate. */
  readonly holdings?: readonly Holding[];
}

/** Types, without an API version, and what goes when one of them does. */
export type Holding = readonly [RegExp, string];

/** Resources that belong to a cluster. */
export const clusterHolds = "everything that runs in it, with its volumes";

/** A pool's most nodes. */
export interface PoolBound {
  /** Path of the property. */
  readonly path: string;
  /** Value of the property. */
  readonly most: unknown;
}

/** The type without the API version that some providers' may carry. */
export function plainType({ type }: Pick<PolicyResource, "type">): string {
  return type.replace(/\/v\d{8}\w*/, "");
}

/** The value at a path; undefined where the path ends early. */
export function at(
  value: unknown,
  ...path: readonly (string | number)[]
): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );
}

/** The items of a list; none of anything else. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether a value is an object with properties. */
export function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Ranges of addresses that an API answers to, where they are all addresses or none is named. */
export function openRanges(
  path: string,
  ranges: readonly unknown[],
): readonly string[] {
  if (ranges.length === 0) {
    return [`${path}: open to all; name ranges, or make the API private`];
  }
  return ranges
    .map(String)
    .filter(isBroad)
    .map((range) => `${path}: ${range}: name the ranges of your own networks`);
}

/** Whether a range is larger than any network of one owner, as the halves of all addresses are. */
function isBroad(range: string): boolean {
  const [, bits] = range.split("/");
  return bits !== undefined && Number(bits) < (range.includes(":") ? 16 : 8);
}
