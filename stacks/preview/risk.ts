import { policyFacts } from "../../infra";
import {
  clusterHolds,
  type Holding,
  plainType,
} from "../../infra/policy-facts";
import { typeOf, type Step } from "./digest";

/** Reasons why a reviewer should look at a resource first. */
export interface Risk {
  /** Smaller comes first. */
  readonly rank: 0 | 1 | 2 | 3;
  readonly words: string;
}

/** Types whose end takes along what no program can make again, and what that is: a target's own, and what is in every cluster. */
const holdings: readonly Holding[] = [
  ...policyFacts.flatMap(({ holdings: own }) => own ?? []),
  // StoreBucket: of stacks that still have Garage.
  [/^mlstack:index:(Embedded|Store)Bucket$/, "its objects"],
  [/^mlstack:index:\w+Cluster$/, clusterHolds],
  [/^kubernetes:core\/v1:PersistentVolume(Claim)?$/, "its files"],
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
      const type = plainType({ type: typeOf(step) });
      const lost = holdings.find(([holder]) => holder.test(type))?.[1];
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

/** Whether a bucket keeps old versions, in any cloud's properties. */
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
