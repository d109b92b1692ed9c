import { policyFacts } from "../../infra";
import {
  at,
  isObject,
  plainType,
  type PolicyResource,
  type TagPlaces,
} from "../../infra/policy-facts";
import type { Rule } from "./rule";

/** Tags that everything carries; `expiry` comes with a short life. */
const wanted = ["stack", "owner"];

const places = policyFacts.flatMap(({ tags }) => tags ?? []);

/** An audit finds everything of a stack by its tags. */
export const tagged: Rule = {
  name: "tagged",
  description:
    "Whatever a cloud can tag carries the stack and its owner, so that an audit finds what is left of it.",
  check(resource) {
    const type = plainType(resource);
    const place = places.find(({ prefix }) => type.startsWith(prefix));
    if (!place || place.untaggable?.some((pattern) => pattern.test(type))) {
      return [];
    }
    return [
      ...missing(tagsOf(resource, place), wanted).map(
        (key) => `${place.own[0]}.${key}: set it, here or on the provider`,
      ),
      ...(place.also?.(resource, missing) ?? []),
    ];
  },
};

function tagsOf(
  { props, provider }: PolicyResource,
  { own, all }: TagPlaces,
): unknown {
  return {
    ...entries(all && decoded(at(provider, all[0])), all?.slice(1)),
    ...own.reduce((tags, key) => ({ ...tags, ...entries(props[key]) }), {}),
  };
}

/** Tags as a map; where they are a list, as `key=value`. */
function entries(value: unknown, path: readonly string[] = []): object {
  const tags = at(value, ...path);
  if (Array.isArray(tags)) {
    return Object.fromEntries(
      tags.map((tag) => {
        const [key = "", ...rest] = String(tag).split("=");
        return [key, rest.join("=")];
      }),
    );
  }
  return isObject(tags) ? tags : {};
}

/** The engine writes a provider's settings as JSON. */
function decoded(value: unknown): unknown {
  return typeof value === "string" ? JSON.parse(value) : value;
}

function missing(tags: unknown, keys: readonly string[]): string[] {
  return keys.filter((key) => {
    const value = at(tags, key);
    return typeof value !== "string" || value === "";
  });
}
