import { z } from "zod";

import { ask } from "../audit/ask";
import type { Question } from "../audit/leftover";
import type { Audit } from "../target";

const resourcesSchema = z.array(
  z.object({
    id: z.string(),
    type: z.string(),
    location: z.string().nullish(),
    tags: z.record(z.string(), z.string()).nullish(),
  }),
);

/** Queries of Azure for a stack: its resources, and the groups that hold them. */
export function azureQuestions(
  stack: string,
  subscription: string,
): Question[] {
  return ["resource", "group"].map((noun) => ({
    command: "az",
    args: [
      ...[noun, "list", "--tag", `stack=${stack}`],
      ...["--subscription", subscription, "--output", "json"],
    ],
    read: (answer) =>
      resourcesSchema
        .parse(JSON.parse(answer))
        .map(({ id, type, location, tags }) => ({
          type,
          id,
          place: location ?? "global",
          owner: tags?.["owner"] ?? "",
          expiry: tags?.["expiry"] ?? "",
        })),
  }));
}

const placeSchema = z.looseObject({ subscription: z.string() });

/** Looks for what is left on Azure. */
export const audit: Audit = {
  place: "subscription",
  look: (stack, target) =>
    ask(azureQuestions(stack, placeSchema.parse(target).subscription), {
      hint: "install the Azure CLI, https://learn.microsoft.com/cli/azure/, and log in with `az login`",
    }),
};
