import { z } from "zod";

import type { Question } from "./leftover";

const resourcesSchema = z.array(
  z.object({
    id: z.string(),
    type: z.string(),
    location: z.string().nullish(),
    tags: z.record(z.string(), z.string()).nullish(),
  }),
);

/** What to ask Azure about a stack: its resources, and the groups that hold them. */
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
