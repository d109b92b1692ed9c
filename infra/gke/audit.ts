import { z } from "zod";

import { ask } from "../audit/ask";
import type { Leftover, Question } from "../audit/leftover";
import type { Audit } from "../target";

const resourcesSchema = z.array(
  z.object({
    name: z.string(),
    assetType: z.string(),
    location: z.string().default("global"),
    displayName: z.string().default(""),
    description: z.string().default(""),
    labels: z.record(z.string(), z.string()).prefault({}),
  }),
);

type Resource = z.output<typeof resourcesSchema>[number];

/** Queries of Google Cloud for a stack: by label, and by name for resources without labels, such as networks. */
export function gcpQuestions(stack: string, project: string): Question[] {
  return [
    {
      command: "gcloud",
      args: [
        ...["asset", "search-all-resources", `--scope=projects/${project}`],
        `--query=labels.stack=${stack} OR name:${stack} OR displayName:${stack} OR description:${stack}`,
        "--format=json",
      ],
      read: (answer) =>
        resourcesSchema
          .parse(JSON.parse(answer))
          .filter((resource) => belongs(resource, stack))
          .map(leftover),
    },
  ];
}

/** The search takes names apart at hyphens, so it also finds `pr-1-2` for `pr-1`. */
function belongs(resource: Resource, stack: string): boolean {
  const { labels, name, displayName, description } = resource;
  if ("stack" in labels) return labels["stack"] === stack;
  // Service accounts have no labels, and say in words what labels would.
  const said = wordsOf(description)["stack"];
  if (said !== undefined) return said === stack;
  const literal = stack.replace(/[^\w-]/g, "\\$&");
  const own = new RegExp(`(^|[ /])(mlstack-)?${literal}(-[a-z]|$)`);
  return (
    own.test(name.split("/").at(-1) ?? "") ||
    own.test(displayName) ||
    own.test(description)
  );
}

/** Labels as the program writes them into a description: `stack=pr-1 owner=ml`. */
function wordsOf(description: string): Readonly<Record<string, string>> {
  const pairs = description.matchAll(/(?:^|\s)(stack|owner|expiry)=(\S+)/g);
  return Object.fromEntries([...pairs].map(([, key, value]) => [key, value]));
}

function leftover(resource: Resource): Leftover {
  const marks = { ...wordsOf(resource.description), ...resource.labels };
  return {
    type: resource.assetType.replace(".googleapis.com/", ":"),
    id: resource.name.replace(/^\/\//, ""),
    place: resource.location,
    owner: marks["owner"] ?? "",
    expiry: marks["expiry"] ?? "",
  };
}

const placeSchema = z.looseObject({ project: z.string() });

/** Looks for what is left on Google Cloud. */
export const audit: Audit = {
  place: "project",
  look: (stack, target) =>
    ask(gcpQuestions(stack, placeSchema.parse(target).project), {
      hint: "install the Google Cloud CLI, https://cloud.google.com/sdk/docs/install, and log in with `gcloud auth login`",
    }),
};
