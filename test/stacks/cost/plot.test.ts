import assert from "node:assert/strict";

import { costPlot, svgOf } from "../../../stacks/cost/plot";
import type { CostSum } from "../../../stacks/cost/sum";

const sum = (floor: number, typical: number, ceiling: number): CostSum => ({
  ...{ floor, typical, ceiling, lines: [] },
  ...{ oldest: "2026-07-30", undated: [], recalled: [] },
  unpriced: [],
});

describe("plot of costs", () => {
  it("has a row a stack with its three figures, and says at least where something has no price", async () => {
    const svg = await svgOf(
      costPlot([
        {
          stack: "aws",
          place: "eks, eu-central-1",
          sum: sum(1290, 2938, 26058),
        },
        {
          stack: "gcp",
          place: "gke, europe-west4",
          sum: {
            ...sum(9.5, 100, 18780),
            unpriced: [{ resource: "burst", what: "a machine" }],
          },
        },
      ]),
    );
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(
      ([, text]) => text,
    );
    for (const text of [
      ...["aws (eks, eu-central-1)", "1,290", "2,938", "26,058"],
      ...["gcp (gke, europe-west4)", "at least 9.50", "at least 18,780"],
      ...["floor", "typical", "ceiling", "US dollars a month"],
    ])
      assert.ok(texts.includes(text), `${text} among ${texts.join("; ")}`);
    assert.match(svg, /the oldest of 2026-07-30/);
    // Where a figure stands: left to right from floor to ceiling.
    const [floor = 0, typical = 0, ceiling = 0] = [
      "1,290",
      "2,938",
      "26,058",
    ].map((text) =>
      Number(
        new RegExp(`translate\\(([\\d.]+),[\\d.]+\\)[^>]*>${text}<`).exec(
          svg,
        )?.[1],
      ),
    );
    assert.ok(floor < typical && typical < ceiling);
    assert.doesNotMatch(svg, /NaN|undefined/);
  });
});
