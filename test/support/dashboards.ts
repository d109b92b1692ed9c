import assert from "node:assert/strict";

import { dashboardsFor } from "../../components/observability/dashboards";
import { startBrowser } from "./browser";
import { eventually } from "./eventually";

/** Dashboards of a local stack, whose pools have no price. */
const dashboards = dashboardsFor({ priced: false });

/** In the page: what each panel has drawn in colour, which its lines have and nothing else on it. */
const drawnPanels = `
[...document.querySelectorAll("main section")].map((section) => {
  const canvas = section.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let pixels = 0;
  for (let at = 0; at < data.length; at += 4) {
    const colour = data.slice(at, at + 3);
    if (data[at + 3] > 100 && Math.max(...colour) - Math.min(...colour) > 60) pixels++;
  }
  return { title: section.querySelector("h3").textContent, series: Number(section.dataset.series), pixels };
})
`;

interface DrawnPanel {
  readonly title: string;
  readonly series: number;
  readonly pixels: number;
}

interface Alert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Asks Prometheus what each panel of each dashboard asks it; each must have an answer. */
export async function requireAnswers(address: string): Promise<void> {
  for (const { name, rows } of dashboards) {
    for (const { title, queries } of rows.flatMap(({ panels }) => panels)) {
      for (const { promql } of queries) {
        const url = new URL("/api/v1/query", address);
        url.searchParams.set("query", promql);
        const { data } = (await (await fetch(url)).json()) as {
          readonly data?: { readonly result: readonly unknown[] };
        };
        assert.ok(data?.result.length, `${name}: ${title}: ${promql}`);
      }
    }
  }
}

/** Waits until Prometheus fires an alert with such labels. */
export async function requireFiring(
  address: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  await eventually(async () => {
    const answer = await fetch(new URL("/api/v1/alerts", address));
    const { data } = (await answer.json()) as {
      readonly data: { readonly alerts: readonly Alert[] };
    };
    return data.alerts.some(
      (alert) =>
        alert.state === "firing" &&
        Object.entries(labels).every(
          ([name, value]) => alert.labels[name] === value,
        ),
    );
  });
}

/** Opens a dashboard's page in a browser; each panel must have drawn lines. @returns the names of all lines */
export async function requireDrawn(
  address: string,
  name: string,
  screenshot: string,
): Promise<string> {
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(new URL(`/consoles/${name}.html?minutes=15`, address).href);
    await page.locator("main[data-drawn]").waitFor();
    const panels = await page.evaluate<readonly DrawnPanel[]>(drawnPanels);
    const declared = dashboards
      .filter((dashboard) => dashboard.name === name)
      .flatMap(({ rows }) => rows.flatMap((row) => row.panels));
    assert.deepEqual(
      panels.map(({ title }) => title),
      declared.map(({ title }) => title),
    );
    for (const { title, series, pixels } of panels) {
      assert.ok(series > 0, `${title}: no series`);
      assert.ok(pixels > 5, `${title}: ${pixels} pixels of lines`);
    }
    await page.screenshot({ path: screenshot, fullPage: true });
    return (await page.locator(".u-label").allTextContents()).join("\n");
  } finally {
    await browser.close();
  }
}
