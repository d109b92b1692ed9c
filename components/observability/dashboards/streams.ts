import type { Dashboard } from "./dashboard";

/** Records accepted, rejected and committed per stream, as `workloads/features/stream/metrics.py` counts them. */
export const streams: Dashboard = {
  name: "streams",
  title: "Streams",
  rows: [
    {
      title: "Lag",
      panels: [
        {
          title: "Records in the topic that are not committed",
          unit: "count",
          queries: [
            { promql: "mlstack_stream_lag_records", legend: "{{stream}}" },
          ],
        },
        {
          title: "Age of the newest record when it was committed",
          unit: "seconds",
          queries: [
            { promql: "mlstack_stream_lag_seconds", legend: "{{stream}}" },
          ],
        },
      ],
    },
    {
      title: "Records",
      panels: [
        {
          title: "Records taken, and rows accepted of them",
          unit: "count",
          queries: [
            {
              promql: "mlstack_stream_records_total",
              legend: "{{stream}} records",
            },
            { promql: "mlstack_stream_rows_total", legend: "{{stream}} rows" },
          ],
        },
        {
          title: "Records taken per second",
          unit: "perSecond",
          queries: [
            {
              promql: "rate(mlstack_stream_records_total[5m])",
              legend: "{{stream}}",
            },
          ],
        },
        {
          title: "Records rejected, by reason",
          unit: "count",
          queries: [
            {
              promql: "mlstack_stream_rejected_total",
              legend: "{{stream}} {{reason}}",
            },
          ],
        },
      ],
    },
    {
      title: "Commits",
      panels: [
        {
          title: "Commits",
          unit: "count",
          queries: [
            { promql: "mlstack_stream_commits_total", legend: "{{stream}}" },
          ],
        },
        {
          title: "Time of a batch",
          unit: "seconds",
          queries: [
            { promql: "mlstack_stream_batch_seconds", legend: "{{stream}}" },
          ],
        },
        {
          title: "Time since the newest commit",
          unit: "seconds",
          queries: [
            {
              promql: "time() - mlstack_stream_commit_timestamp_seconds",
              legend: "{{stream}}",
            },
          ],
        },
      ],
    },
  ],
};
