import type { Dashboard } from "./dashboard";
import { jobs } from "./jobs";
import { models } from "./models";
import { streams } from "./streams";
import { teamCosts } from "./team-costs";
import { teams } from "./teams";

/** Every dashboard of a stack, in the order of the list of pages. @param priced whether its pools have a price */
export function dashboardsFor({
  priced,
}: {
  readonly priced: boolean;
}): readonly Dashboard[] {
  const rows = [...teams.rows, ...(priced ? [teamCosts] : [])];
  return [streams, models, jobs, { ...teams, rows }];
}
