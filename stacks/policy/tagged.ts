import {
  at,
  isObject,
  list,
  plainType,
  type PolicyResource,
  type Rule,
} from "./rule";

/** Tags that everything carries; `expiry` comes with a short life. */
const wanted = ["stack", "owner"];

/** Where each cloud keeps tags: on the resource, or on its provider for all that it makes. */
const clouds = [
  { prefix: "aws:", own: ["tags"], all: ["defaultTags", "tags"] },
  { prefix: "gcp:", own: ["labels", "resourceLabels"], all: ["defaultLabels"] },
  { prefix: "azure-native:", own: ["tags"], all: undefined },
] as const;

/** What Azure has no tags for: parts and settings of another resource. */
const untaggable: readonly RegExp[] = [
  /^azure-native:authorization:/,
  /^azure-native:storage:Blob(Container|ServiceProperties)$/,
  /^azure-native:storage:ManagementPolicy$/,
  /^azure-native:managedidentity:FederatedIdentityCredential$/,
  /^azure-native:network:(Subnet|SecurityRule|Route)$/,
];

/** An audit finds everything of a stack by its tags. */
export const tagged: Rule = {
  name: "tagged",
  description:
    "Whatever a cloud can tag carries the stack and its owner, so that an audit finds what is left of it.",
  check(resource) {
    const type = plainType(resource);
    const cloud = clouds.find(({ prefix }) => type.startsWith(prefix));
    if (!cloud || untaggable.some((pattern) => pattern.test(type))) return [];
    return [
      ...missing(tagsOf(resource, cloud)).map(
        (key) => `${cloud.own[0]}.${key}: set it, here or on the provider`,
      ),
      ...templateFaults(resource),
    ];
  },
};

function tagsOf(
  { props, provider }: PolicyResource,
  { own, all }: (typeof clouds)[number],
): unknown {
  return {
    ...entries(all && decoded(at(provider, all[0])), all?.slice(1)),
    ...own.reduce((tags, key) => ({ ...tags, ...entries(props[key]) }), {}),
  };
}

function entries(value: unknown, path: readonly string[] = []): object {
  const tags = at(value, ...path);
  return isObject(tags) ? tags : {};
}

/** The engine writes a provider's settings as JSON. */
function decoded(value: unknown): unknown {
  return typeof value === "string" ? JSON.parse(value) : value;
}

/**
 * A provider's tags do not reach what a launch template makes. Its own name the stack and no owner, with whom every
 * machine would be replaced.
 */
function templateFaults({ type, props }: PolicyResource): string[] {
  if (type !== "aws:ec2/launchTemplate:LaunchTemplate") return [];
  const specifications = list(props["tagSpecifications"]);
  return ["instance", "volume"].flatMap((resourceType) => {
    const found = specifications.find(
      (one) => at(one, "resourceType") === resourceType,
    );
    return missing(at(found, "tags"), ["stack"]).map(
      (key) => `tagSpecifications of ${resourceType}: ${key}: set it`,
    );
  });
}

function missing(tags: unknown, keys: readonly string[] = wanted): string[] {
  return keys.filter((key) => {
    const value = at(tags, key);
    return typeof value !== "string" || value === "";
  });
}
