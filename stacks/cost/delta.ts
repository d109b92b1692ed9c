import { type Amounts, type CostLine, type CostSum, total } from "./sum";

/** Cost change per resource. */
export interface CostChange extends Amounts {
  readonly resource: string;
  /** Before and after, for people: `12 × m7i.2xlarge → 20 × m7i.2xlarge`. */
  readonly what: string;
}

/** The difference of two sums. */
export interface CostDelta extends Amounts {
  /** The one that moves the most first. */
  readonly changes: readonly CostChange[];
  readonly before: Amounts;
  readonly after: Amounts;
}

/** Cost change between two sums of the same stack. */
export function deltaOf(before: CostSum, after: CostSum): CostDelta {
  // Other machines or disks are a change of the pool; of everything else a resource of the same name may be another.
  const keyOf = ({ part, resource, what }: CostLine) =>
    part === "nodes" || part === "disks" || part === "hosts"
      ? `${part} ${resource}`
      : `${part} ${resource} ${what}`;
  const keys = new Set([...before.lines, ...after.lines].map(keyOf));
  const changes = [...keys].flatMap((key): CostChange[] => {
    const old = before.lines.filter((line) => keyOf(line) === key);
    const now = after.lines.filter((line) => keyOf(line) === key);
    const amounts = difference(total(old), total(now));
    if (!moves(amounts)) return [];
    const [line] = [...now, ...old];
    return [
      {
        ...amounts,
        resource: line?.resource ?? "",
        what: wordsOf(old[0], now[0]),
      },
    ];
  });
  changes.sort((one, other) => size(other) - size(one));
  return {
    ...difference(before, after),
    changes,
    before: pick(before),
    after: pick(after),
  };
}

function difference(before: Amounts, after: Amounts): Amounts {
  return {
    floor: after.floor - before.floor,
    typical: after.typical - before.typical,
    ceiling: after.ceiling - before.ceiling,
  };
}

function pick({ floor, typical, ceiling }: Amounts): Amounts {
  return { floor, typical, ceiling };
}

/** Less than half a cent is rounding. */
function moves({ floor, typical, ceiling }: Amounts): boolean {
  return [floor, typical, ceiling].some((usd) => Math.abs(usd) >= 0.005);
}

function size({ floor, ceiling }: Amounts): number {
  return Math.max(Math.abs(floor), Math.abs(ceiling));
}

function wordsOf(
  before: CostLine | undefined,
  after: CostLine | undefined,
): string {
  const words = (line: CostLine | undefined) =>
    line === undefined ? "none" : counted(line);
  const [old, now] = [words(before), words(after)];
  return old === now ? now : `${old} → ${now}`;
}

/** A line with how many of it there are: `3 to 12 × m7i.2xlarge`. */
export function counted({ count, what }: CostLine): string {
  if (!count || (count.min === 1 && count.max === 1)) return what;
  const { min, max } = count;
  return `${min === max ? min : `${min} to ${max}`} × ${what}`;
}
