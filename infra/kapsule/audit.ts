import { z } from "zod";

import { ask } from "../audit/ask";
import type { Leftover, Question } from "../audit/leftover";
import { platformName, slug } from "../names/naming";
import type { Audit } from "../target";

const resourcesSchema = z.array(
  z.looseObject({
    id: z.string().optional(),
    name: z.string().default(""),
    description: z.string().nullish(),
    tags: z.array(z.string()).nullish(),
  }),
);

/** Resource types of `scw` and the commands that list them, filtered by project and by the stack's tags. */
const listed = [
  { command: ["k8s", "cluster"], type: "k8s:cluster" },
  { command: ["vpc", "private-network"], type: "vpc:private-network" },
  { command: ["vpc", "vpc"], type: "vpc:vpc" },
  { command: ["vpc-gw", "gateway"], type: "vpc-gw:gateway" },
  { command: ["registry", "namespace"], type: "registry:namespace" },
  { command: ["iam", "application"], type: "iam:application" },
  { command: ["iam", "policy"], type: "iam:policy" },
] as const;

/** Queries for a stack's resources at Scaleway: by tag; by description for types without tags; buckets by name. */
export function scalewayQuestions(stack: string, project: string): Question[] {
  return [
    ...listed.map(({ command, type }): Question => ({
      command: "scw",
      args: [
        ...[...command, "list", "--output", "json"],
        // Applications and policies are the organization's.
        ...(command[0] === "iam" ? [] : [`project-id=${project}`]),
        ...placeOf(command[0]),
      ],
      read: (answer) =>
        resourcesSchema
          .parse(JSON.parse(answer))
          .filter((resource) => marksOf(resource)["stack"] === stack)
          .map((resource) => leftover(type, resource)),
    })),
    {
      command: "scw",
      args: [
        ...["object", "bucket", "list", "--output", "json"],
        `project-id=${project}`,
      ],
      read: (answer) =>
        resourcesSchema
          .parse(JSON.parse(answer))
          .filter(({ name }) => isBucketOf(name, stack))
          .map((resource) => leftover("object:bucket", resource)),
    },
  ];
}

function placeOf(product: string): string[] {
  if (product === "iam") return [];
  return [product === "vpc-gw" ? "zone=all" : "region=all"];
}

/** Buckets are called `mlstack-STACK-NAME-DIGEST`. */
function isBucketOf(name: string, stack: string): boolean {
  const start = `${slug(`mlstack-${platformName(stack)}`)}-`;
  return (
    name.startsWith(start) &&
    /^[a-z][a-z-]*-[0-9a-f]{8}$/.test(name.slice(start.length))
  );
}

/** Tags of a resource, and what its description says in their place. */
function marksOf({
  tags,
  description,
}: z.output<typeof resourcesSchema>[number]): Record<string, string> {
  const words = [...(tags ?? []), ...(description ?? "").split(" ")];
  return Object.fromEntries(
    words.flatMap((word) => {
      const [, key, value] = /^(stack|owner|expiry)=(.+)$/.exec(word) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value]];
    }),
  );
}

function leftover(
  type: string,
  resource: z.output<typeof resourcesSchema>[number],
): Leftover {
  const marks = marksOf(resource);
  const { region, zone } = resource;
  const place = [zone, region].find((one) => typeof one === "string");
  return {
    type,
    id: resource.id ?? resource.name,
    place: typeof place === "string" ? place : "global",
    owner: marks["owner"] ?? "",
    expiry: marks["expiry"] ?? "",
  };
}

const placeSchema = z.looseObject({ project: z.string() });

/** Looks for what is left on Scaleway. */
export const audit: Audit = {
  place: "project",
  look: (stack, target) =>
    ask(scalewayQuestions(stack, placeSchema.parse(target).project), {
      hint: "install the Scaleway CLI, https://www.scaleway.com/en/docs/scaleway-cli/, and log in with `scw init`",
    }),
};
