import type { Dashboard } from "./dashboard";

/** Costs of teams and nodes; absent where no pool of the stack has a price. */
export const teamCosts: Dashboard["rows"][number] = {
  title: "US dollars, at list prices",
  panels: [
    {
      title: "An hour, of the pods that run",
      unit: "dollars",
      queries: [
        { promql: "mlstack_team_usd_per_hour", legend: "{{namespace}}" },
      ],
    },
    {
      title: "Of the 24 hours before",
      unit: "dollars",
      queries: [
        {
          // An hour's price at each minute, as the dollars of that minute.
          promql: "sum_over_time(mlstack_team_usd_per_hour[1d:1m]) / 60",
          legend: "{{namespace}}",
        },
      ],
    },
    {
      title: "An hour, of all nodes, whether asked for or idle",
      unit: "dollars",
      queries: [
        {
          promql: "sum by (pool) (mlstack_node_usd_per_hour)",
          legend: "{{pool}}",
        },
      ],
    },
  ],
};
