import type { Dashboard } from "./dashboard";

/** Usage of each team against its quota. */
export const teams: Dashboard = {
  name: "teams",
  title: "Teams",
  rows: [
    {
      title: "Quota",
      panels: [
        {
          title: "Used of the quota",
          unit: "share",
          queries: [
            {
              promql:
                'sum by (namespace, resource) (kube_resourcequota{type="used"}) / (sum by (namespace, resource) (kube_resourcequota{type="hard"}) > 0)',
              legend: "{{namespace}} {{resource}}",
            },
          ],
        },
        {
          title: "Cores asked for",
          unit: "count",
          queries: [
            {
              promql:
                'sum by (namespace, type) (kube_resourcequota{resource="requests.cpu"})',
              legend: "{{namespace}} {{type}}",
            },
          ],
        },
        {
          title: "Pods",
          unit: "count",
          queries: [
            {
              promql:
                'sum by (namespace, type) (kube_resourcequota{resource="pods"})',
              legend: "{{namespace}} {{type}}",
            },
          ],
        },
      ],
    },
    {
      title: "Pods",
      panels: [
        {
          title: "Containers that were started again",
          unit: "count",
          queries: [
            {
              promql:
                "sum by (namespace) (kube_pod_container_status_restarts_total and on (namespace) kube_resourcequota)",
              legend: "{{namespace}}",
            },
          ],
        },
      ],
    },
  ],
};
