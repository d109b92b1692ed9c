import { z } from "zod";

import { amount, quantity } from "../../infra/quantity";
import type { TeamQuota } from "../../components/teams/quota";
import type { NodePool } from "../../infra/platform";
import type { Problem } from "../../infra/problem";

/** A notebook server of one person. */
export const notebookSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/,
      "use lower-case letters, digits and hyphens, at most 40, starting with a letter",
    )
    .describe("Name of the notebook"),
  team: z.string().default("ml").describe("Team that owns it"),
  pool: z.string().default("cpu").describe("Pool of its pod"),
  cpu: quantity.default("250m").describe("CPU"),
  memory: quantity.default("2Gi").describe("Memory"),
  disk: quantity
    .default("5Gi")
    .describe("Size of the volume of its home, which is kept"),
  idleMinutes: z
    .number()
    .int()
    .min(1)
    .max(10_080)
    .default(60)
    .describe("Minutes after which an idle kernel is shut down"),
});

/** A notebook server. */
export type NotebookConfig = z.output<typeof notebookSchema>;

/** Notebooks of a team or pool that is not there, of one name, or larger than their team may be. */
export function checkNotebooks(
  path: string,
  notebooks: readonly NotebookConfig[],
  teams: readonly { readonly name: string; readonly quota: TeamQuota }[],
  pools: readonly NodePool[],
): readonly Problem[] {
  const names = (items: readonly { readonly name: string }[]) =>
    `choose one of ${items.map(({ name }) => name).join(", ")}`;
  return notebooks.flatMap((notebook, index): Problem[] => {
    const at = `${path}[${index}]`;
    const team = teams.find(({ name }) => name === notebook.team);
    const problems: Problem[] = [];
    const add = (key: keyof NotebookConfig, remedy: string) =>
      problems.push({ path: `${at}.${key}`, value: notebook[key], remedy });
    if (notebooks.findIndex(({ name }) => name === notebook.name) < index) {
      add("name", "give every notebook a name of its own");
    }
    if (team === undefined) add("team", names(teams));
    else {
      const { cpu, memory } = team.quota;
      const raise = (most: string) =>
        `fit it into the team's ${most}, or raise its quota`;
      if (amount(notebook.cpu) > amount(cpu)) add("cpu", raise(cpu));
      if (amount(notebook.memory) > amount(memory))
        add("memory", raise(memory));
    }
    if (!pools.some(({ name }) => name === notebook.pool)) {
      add("pool", names(pools));
    }
    return problems;
  });
}
