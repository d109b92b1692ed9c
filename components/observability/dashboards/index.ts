import type { Dashboard } from "./dashboard";
import { jobs } from "./jobs";
import { models } from "./models";
import { streams } from "./streams";
import { teams } from "./teams";

/** Every dashboard of a stack, in the order of the list of pages. */
export const dashboards: readonly Dashboard[] = [streams, models, jobs, teams];
