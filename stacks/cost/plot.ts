import type { Spec } from "vega";

import { money } from "./money";
import { atLeast, type CostSum } from "./sum";

/** A stack on the plot. */
export interface PlottedCost {
  readonly stack: string;
  /** Place of the stack, such as `eks, eu-central-1`. */
  readonly place: string;
  readonly sum: CostSum;
}

const points = ["floor", "typical", "ceiling"] as const;

const colours = { floor: "#1b7837", typical: "#2166ac", ceiling: "#b2182b" };

/** Pixels of a stack's row. */
const rowHeight = 64;

/**
 * Floor, typical and ceiling of stacks as a Vega specification: one row per stack, on a logarithmic scale, since a ceiling
 * may be twenty times the floor; positions are told, so no bar stands for a length.
 */
export function costPlot(costs: readonly PlottedCost[]): Spec {
  const rows = costs.map(({ stack, place, sum }) => ({
    row: `${stack} (${place})`,
    ...{ floor: sum.floor, typical: sum.typical, ceiling: sum.ceiling },
  }));
  const values = costs.flatMap(({ stack, place, sum }) =>
    points.map((point) => ({
      row: `${stack} (${place})`,
      point,
      usd: sum[point],
      label: `${atLeast(sum)}${money(sum[point])}`,
    })),
  );
  const dates = costs.flatMap(({ sum }) => sum.oldest ?? []).sort();
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    description: "Monthly cost of stacks: floor, typical and ceiling",
    background: "white",
    width: 640,
    height: rowHeight * costs.length,
    padding: 16,
    title: {
      text: "What a stack costs a month",
      subtitle: `US dollars of 730 hours at list prices${dates[0] === undefined ? "" : `, the oldest of ${dates[0]}`}; logarithmic`,
      anchor: "start",
      offset: 12,
    },
    data: [
      { name: "rows", values: rows },
      { name: "points", values },
    ],
    scales: [
      {
        name: "x",
        type: "log",
        domain: { data: "points", field: "usd" },
        range: "width",
        padding: 40,
      },
      {
        name: "y",
        type: "band",
        domain: { data: "rows", field: "row" },
        range: "height",
      },
      {
        name: "colour",
        type: "ordinal",
        domain: [...points],
        range: points.map((point) => colours[point]),
      },
    ],
    axes: [
      {
        orient: "bottom",
        scale: "x",
        grid: true,
        format: ",.0f",
        title: "US dollars a month",
        tickCount: 5,
      },
      {
        orient: "left",
        scale: "y",
        domain: false,
        ticks: false,
        labelPadding: 10,
        labelFontSize: 12,
        labelLimit: 260,
      },
    ],
    legends: [
      {
        fill: "colour",
        orient: "bottom",
        direction: "horizontal",
        symbolType: "circle",
      },
    ],
    marks: [
      {
        type: "rule",
        from: { data: "rows" },
        encode: {
          enter: {
            x: { scale: "x", field: "floor" },
            x2: { scale: "x", field: "ceiling" },
            y: { scale: "y", field: "row", band: 0.5 },
            stroke: { value: "#bbbbbb" },
            strokeWidth: { value: 3 },
          },
        },
      },
      {
        type: "symbol",
        from: { data: "points" },
        encode: {
          enter: {
            x: { scale: "x", field: "usd" },
            y: { scale: "y", field: "row", band: 0.5 },
            size: { value: 120 },
            fill: { scale: "colour", field: "point" },
          },
        },
      },
      {
        type: "text",
        from: { data: "points" },
        encode: {
          enter: {
            x: { scale: "x", field: "usd" },
            y: { scale: "y", field: "row", band: 0.5 },
            // Typical stands below: it may be close to the floor.
            dy: { signal: "datum.point === 'typical' ? 18 : -13" },
            align: { value: "center" },
            baseline: { value: "middle" },
            fontSize: { value: 11 },
            fill: { scale: "colour", field: "point" },
            text: { field: "label" },
          },
        },
      },
    ],
  };
}

/** A specification as SVG. The library is loaded when it is asked for. */
export async function svgOf(spec: Spec): Promise<string> {
  const { parse, View } = await import("vega");
  const view = new View(parse(spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
