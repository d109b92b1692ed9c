import { at, type PolicyResource } from "../../infra/policy-facts";
import { containersOf, podSpecs } from "./pod-specs";
import type { Rule } from "./rule";
import { sparkSpecPath } from "./spark-spec";

const wanted = [
  ["requests", "cpu"],
  ["requests", "memory"],
  // No CPU limit: a container may use the processor of its node that no other wants.
  ["limits", "memory"],
] as const;

/** The scheduler knows what every workload takes, and the node what it must not exceed. */
export const requestsAndLimits: Rule = {
  name: "requests-and-limits",
  description:
    "Every container asks for CPU and memory, and has a limit on its memory.",
  check(resource) {
    const spark = sparkSpecPath(resource.type);
    if (spark) return sparkFaults(resource, spark);
    return podSpecs(resource)
      .flatMap(containersOf)
      .flatMap(({ path, container }) =>
        wanted
          .filter(([kind, what]) => {
            const amount = at(container, "resources", kind, what);
            return amount === undefined || amount === "";
          })
          .map(([kind, what]) => `${path}.resources.${kind}.${what}: set it`),
      );
  },
};

/** The operator turns these into requests and limits of the pods that it makes. */
function sparkFaults(
  { props }: PolicyResource,
  path: readonly string[],
): string[] {
  return ["driver", "executor"].flatMap((role) =>
    ["cores", "memory"]
      .filter((key) => at(props, ...path, role, key) === undefined)
      .map((key) => `${[...path, role, key].join(".")}: set it`),
  );
}
