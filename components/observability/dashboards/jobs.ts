import type { Dashboard } from "./dashboard";

/** State of the jobs of all teams, from SparkApplications and their pods. */
export const jobs: Dashboard = {
  name: "jobs",
  title: "Jobs",
  rows: [
    {
      title: "Phases",
      panels: [
        {
          title: "Spark applications, by state",
          unit: "count",
          queries: [
            {
              promql: "sum by (namespace, state) (spark_application_state) > 0",
              legend: "{{namespace}} {{state}}",
            },
          ],
        },
        {
          title: "Pods of teams, by phase",
          unit: "count",
          queries: [
            {
              promql:
                "sum by (namespace, phase) (kube_pod_status_phase and on (namespace) kube_resourcequota) > 0",
              legend: "{{namespace}} {{phase}}",
            },
          ],
        },
        {
          title: "Jobs that have ended",
          unit: "count",
          queries: [
            {
              promql: "sum by (namespace) (kube_job_status_succeeded)",
              legend: "{{namespace}} succeeded",
            },
            {
              promql: "sum by (namespace) (kube_job_status_failed)",
              legend: "{{namespace}} failed",
            },
          ],
        },
      ],
    },
    {
      title: "Start-up",
      panels: [
        {
          title: "From a pod's creation to its first container's start",
          unit: "seconds",
          queries: [
            {
              promql:
                "(min by (namespace, pod) (kube_pod_container_state_started) - on (namespace, pod) kube_pod_created) and on (namespace) kube_resourcequota",
              legend: "{{namespace}} {{pod}}",
            },
          ],
        },
        {
          title: "From a Spark application's submission to its driver's run",
          unit: "seconds",
          queries: [
            {
              promql:
                "sum(spark_application_start_latency_seconds_sum) / sum(spark_application_start_latency_seconds_count)",
              legend: "mean of all",
            },
          ],
        },
      ],
    },
    {
      title: "Spark operator",
      panels: [
        {
          title: "Applications since its start",
          unit: "count",
          queries: [
            {
              promql: "sum(spark_application_submit_count)",
              legend: "submitted",
            },
            {
              promql: "sum(spark_application_success_count)",
              legend: "succeeded",
            },
          ],
        },
        {
          title: "Applications that run",
          unit: "count",
          queries: [
            {
              promql: "sum(spark_application_running_count)",
              legend: "running",
            },
          ],
        },
      ],
    },
  ],
};
