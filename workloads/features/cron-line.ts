import { z } from "zod";

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const days = "sun mon tue wed thu fri sat".split(" ");

/** The five fields: the least and the greatest number of each, and the names that stand for numbers from the least on. */
const fields = [
  { least: 0, most: 59, names: [] },
  { least: 0, most: 23, names: [] },
  { least: 1, most: 31, names: [] },
  { least: 1, most: 12, names: months },
  { least: 0, most: 6, names: days },
] as const;

/** When something runs: five fields, as Kubernetes and the Spark operator read them. */
export const cronLine = z
  .string()
  .regex(/^(\S+\s+){4}\S+$/, "write five fields, such as 5 * * * *")
  .refine(
    (line) =>
      line.split(/\s+/).every((text, at) => isField(text, fields[at])) ||
      // The pattern has said it already.
      line.split(/\s+/).length !== fields.length,
    "write minute, hour, day, month and day of the week, each as *, a number in its range, a-b or a list, such as 5 */2 * * mon-fri",
  );

function isField(text: string, field: (typeof fields)[number] | undefined) {
  return field !== undefined && text.split(",").every((part) => isPart(part));

  function isPart(part: string): boolean {
    const match = /^(\*|\?|\w+(?:-\w+)?)(?:\/([1-9]\d*))?$/.exec(part);
    const range = match?.[1];
    if (range === undefined) return false;
    if (range === "*" || range === "?") return true;
    const ends = range.split("-").map(numberOf);
    const [from = NaN, to = from] = ends;
    return ends.every((each) => !Number.isNaN(each)) && from <= to;
  }

  function numberOf(word: string): number {
    const { least = 0, most = 0, names = [] } = field ?? {};
    const named = (names as readonly string[]).indexOf(word.toLowerCase());
    if (named >= 0) return least + named;
    const number = /^\d+$/.test(word) ? Number(word) : NaN;
    return number >= least && number <= most ? number : NaN;
  }
}
