import { table } from "../commands/cli/table";
import { counted, type CostDelta } from "./delta";
import { money, signedMoney } from "./money";
import { atLeast, byPart, type CostSum } from "./sum";

/** A stack's cost for people: a line a part, a line a resource below it, what has no price, and how old the prices are. */
export function describeCost(stack: string, place: string, sum: CostSum) {
  const rows = byPart(sum.lines).flatMap(({ part, ...amounts }) => [
    [part, ...cells(amounts)],
    ...sum.lines
      .filter((line) => line.part === part)
      .map((line) => [
        `  ${[line.resource, counted(line)].filter(Boolean).join(": ")}`,
        ...cells(line),
      ]),
  ]);
  return [
    `stack ${stack} on ${place}, US dollars a month of 730 hours at list prices`,
    "",
    table(
      ["PART", "FLOOR", "TYPICAL", "CEILING"],
      [...rows, [atLeast(sum).trim() || "together", ...cells(sum)]],
    ),
    "",
    ...notes(sum).map((line) => `  ${line}`),
  ].join("\n");
}

/** Line items of the sums, one line each. */
export function notes(sum: CostSum): string[] {
  const spot = sum.lines.flatMap(({ resource, spot, ceiling }) =>
    spot
      ? [
          `${resource}: at its most ${money(spot.low)} to ${money(spot.high)} on spot, as the price stands; the ceiling has ${money(ceiling)}, on demand`,
        ]
      : [],
  );
  return [
    ...sum.unpriced.map(
      ({ resource, what }) => `no price: ${resource}: ${what}`,
    ),
    ...spot,
    ...(sum.recalled.length > 0
      ? [`from memory, to be looked up: ${sum.recalled.join("; ")}`]
      : []),
    ...(sum.oldest === undefined
      ? []
      : [
          `the oldest price is of ${sum.oldest}${sum.undated.length > 0 ? `; undated: ${sum.undated.join("; ")}` : ""}`,
        ]),
  ];
}

function cells({
  floor,
  typical,
  ceiling,
}: Readonly<Record<"floor" | "typical" | "ceiling", number>>): string[] {
  return [floor, typical, ceiling].map(money);
}

/** Cost change for people: the sums, and each resource that changes them. */
export function describeDelta(ref: string, delta: CostDelta): string {
  if (delta.changes.length === 0) return `against ${ref}: costs the same`;
  return [
    `against ${ref}: floor ${signedMoney(delta.floor)}, typical ${signedMoney(delta.typical)}, ceiling ${signedMoney(delta.ceiling)} a month`,
    "",
    table(
      ["RESOURCE", "FLOOR", "TYPICAL", "CEILING", "WHAT"],
      delta.changes.map(({ resource, what, floor, typical, ceiling }) => [
        resource,
        ...[floor, typical, ceiling].map(signedMoney),
        what,
      ]),
    ),
  ].join("\n");
}
