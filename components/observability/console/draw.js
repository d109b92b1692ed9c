/* global uPlot, location */
// Draws the panels of a dashboard from Prometheus' HTTP API; the page says which in data-dashboard.

const STEPS = 240;
const COLOURS = [
  "#3366cc",
  "#dc3912",
  "#109618",
  "#ff9900",
  "#990099",
  "#0099c6",
  "#dd4477",
  "#66aa00",
];

const UNITS = {
  count: (value) => value.toLocaleString("en", { maximumFractionDigits: 2 }),
  dollars: (value) =>
    value.toLocaleString("en", {
      style: "currency",
      currency: "USD",
      minimumFractionDigits: value < 10 ? 3 : 0,
      maximumFractionDigits: value < 10 ? 3 : 0,
    }),
  perSecond: (value) => `${UNITS.count(value)}/s`,
  seconds: (value) => `${UNITS.count(value)} s`,
  share: (value) => `${UNITS.count(value * 100)} %`,
};

const page = document.querySelector("[data-dashboard]");
const minutes = document.querySelector("[name=minutes]");

function element(name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** The series of a query over a range, by time. */
async function ask({ promql, legend }, start, end, step) {
  const answer = await fetch("/api/v1/query_range", {
    method: "POST",
    body: new URLSearchParams({ query: promql, start, end, step }),
  });
  const { status, error, data } = await answer.json();
  if (status !== "success") throw new Error(error);
  return data.result.map(({ metric, values }) => ({
    label: legend.replace(/{{(\w+)}}/g, (_, label) => metric[label] ?? ""),
    values: new Map(values.map(([time, value]) => [time, Number(value)])),
  }));
}

async function draw(panel, place) {
  const range = Number(minutes.value) * 60;
  const step = Math.max(1, Math.round(range / STEPS));
  // The same instants for all queries, so that their values stand in one table.
  const end = Math.floor(Date.now() / 1000 / step) * step;
  const start = end - Math.floor(range / step) * step;
  const asked = panel.queries.map((query) => ask(query, start, end, step));
  const series = (await Promise.all(asked)).flat();
  const times = Array.from(
    { length: (end - start) / step + 1 },
    (_, at) => start + at * step,
  );
  const format = UNITS[panel.unit];
  const show = (_, value) => (value === null ? "" : format(value));
  place.chart?.destroy();
  place.node.dataset.series = series.length;
  place.chart = new uPlot(
    {
      width: place.node.clientWidth,
      height: 220,
      series: [
        {},
        ...series.map(({ label }, at) => ({
          label,
          stroke: COLOURS[at % COLOURS.length],
          width: 2,
          value: show,
        })),
      ],
      axes: [{}, { size: 80, values: (_, ticks) => ticks.map(format) }],
      scales: { y: { range: { min: { soft: 0, mode: 1 }, max: {} } } },
    },
    [
      times,
      ...series.map(({ values }) =>
        times.map((time) => values.get(time) ?? null),
      ),
    ],
    place.node,
  );
}

async function main() {
  const dashboard = await (
    await fetch(`/user/${page.dataset.dashboard}.json`)
  ).json();
  const panels = [];
  for (const row of dashboard.rows) {
    page.append(element("h2", row.title));
    const grid = element("div");
    grid.className = "row";
    page.append(grid);
    for (const panel of row.panels) {
      const node = element("section");
      node.append(element("h3", panel.title));
      grid.append(node);
      panels.push({ panel, place: { node } });
    }
  }
  const refresh = async () => {
    for (const { panel, place } of panels) {
      try {
        await draw(panel, place);
      } catch (error) {
        place.node.dataset.error = String(error);
      }
    }
    page.dataset.drawn = String(Date.now());
  };
  const asked = new URLSearchParams(location.search).get("minutes");
  if (asked !== null) minutes.value = asked;
  minutes.addEventListener("change", refresh);
  await refresh();
  setInterval(refresh, 15_000);
}

main();
