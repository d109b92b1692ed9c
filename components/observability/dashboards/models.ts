import type { Dashboard } from "./dashboard";

/** Drift of models since their training; `mlstack_features/drift_job.py` measures it. */
export const models: Dashboard = {
  name: "models",
  title: "Models",
  rows: [
    {
      title: "Drift",
      panels: [
        {
          title: "Population stability index since the training, by column",
          unit: "count",
          queries: [
            { promql: "mlstack_drift_psi", legend: "{{model}} {{column}}" },
          ],
        },
        {
          title: "Farthest column, as a share of its limit",
          unit: "share",
          queries: [
            {
              promql:
                "max by (model) (mlstack_drift_psi / on (model, column) mlstack_drift_limit)",
              legend: "{{model}}",
            },
          ],
        },
      ],
    },
    {
      title: "Looks",
      panels: [
        {
          title: "Examples that were looked at",
          unit: "count",
          queries: [{ promql: "mlstack_drift_examples", legend: "{{model}}" }],
        },
        {
          title: "Time since the last look",
          unit: "seconds",
          queries: [
            {
              promql: "time() - mlstack_drift_measured_timestamp_seconds",
              legend: "{{model}}",
            },
          ],
        },
      ],
    },
  ],
};
