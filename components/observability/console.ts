import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Dashboard } from "./dashboards/dashboard";

const ours = (file: string) =>
  readFileSync(join(__dirname, "console", file), "utf8");

const ofPackage = (file: string) =>
  readFileSync(require.resolve(`uplot/dist/${file}`), "utf8");

/**
 * Prometheus' console pages: one a dashboard, and the first of them as `index.html`.
 * @see https://prometheus.io/docs/visualization/consoles/
 */
export function consolePages(
  dashboards: readonly Dashboard[],
): Record<string, string> {
  const text = ours("page.html");
  const links = dashboards
    .map(({ name, title }) => `<a href="/consoles/${name}.html">${title}</a>`)
    .join("");
  const pages = dashboards.map(
    ({ name, title }) =>
      [
        `${name}.html`,
        text
          .replaceAll("TITLE", title)
          .replaceAll("NAME", name)
          .replace("LINKS", links),
      ] as const,
  );
  return { ...Object.fromEntries(pages), "index.html": pages[0]?.[1] ?? "" };
}

/** Assets of the pages: the declared dashboards, and the library that draws them. */
export function consoleAssets(
  dashboards: readonly Dashboard[],
): Record<string, string> {
  return {
    ...Object.fromEntries(
      dashboards.map((dashboard) => [
        `${dashboard.name}.json`,
        JSON.stringify(dashboard),
      ]),
    ),
    "draw.js": ours("draw.js"),
    "style.css": ours("style.css"),
    "uPlot.iife.min.js": ofPackage("uPlot.iife.min.js"),
    "uPlot.min.css": ofPackage("uPlot.min.css"),
  };
}
