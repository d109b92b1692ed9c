import {
  DashboardBuilder,
  RowBuilder,
  type Dashboard as GrafanaDashboard,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

import type { Dashboard, Panel, Unit } from "./dashboards/dashboard";

/** Grafana's names of the units. */
const units: Readonly<Record<Unit, string>> = {
  count: "short",
  dollars: "currencyUSD",
  perSecond: "cps",
  seconds: "s",
  share: "percentunit",
};

/** A dashboard in Grafana's own form. */
export function grafanaDashboard(dashboard: Dashboard): GrafanaDashboard {
  const builder = new DashboardBuilder(dashboard.title)
    .uid(`mlstack-${dashboard.name}`)
    .tags(["mlstack"])
    .refresh("30s")
    .time({ from: "now-1h", to: "now" })
    .timezone("browser");
  for (const { title, panels } of dashboard.rows) {
    builder.withRow(new RowBuilder(title));
    const span = Math.floor(24 / panels.length);
    for (const panel of panels) builder.withPanel(chart(panel, span));
  }
  return builder.build();
}

function chart({ title, unit, queries }: Panel, span: number): PanelBuilder {
  const builder = new PanelBuilder()
    .title(title)
    .unit(units[unit])
    .min(0)
    .height(8)
    .span(span);
  queries.forEach(({ promql, legend }, at) =>
    builder.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCharCode("A".charCodeAt(0) + at))
        .expr(promql)
        .legendFormat(legend),
    ),
  );
  return builder;
}
