import { renameSync, writeFileSync } from "node:fs";

import { costPlot, type PlottedCost, svgOf } from "../../cost/plot";
import { CommandError } from "../cli/command-error";
import { fromCaller } from "../cli/paths";
import { sumOfStack } from "./stack-file-cost";
import { placeOf, readStackConfig } from "../stack-file/stack-config";

/**
 * Writes floor, typical and ceiling of stacks as SVG. @returns what is on it and what is not, for people
 * @throws {CommandError} when the file cannot be written
 */
export async function plotCosts(
  stacks: readonly string[],
  file: string,
  json: boolean,
): Promise<string> {
  if (!file.endsWith(".svg"))
    throw new CommandError(
      `--plot: ${JSON.stringify(file)}: write the name of a file that ends in .svg`,
    );
  const plotted: PlottedCost[] = [];
  const left: string[] = [];
  for (const stack of stacks) {
    const readable = readStackConfig(stack);
    const sum = await sumOfStack(readable);
    // A logarithmic scale has no place for nothing.
    if (sum && sum.floor > 0)
      plotted.push({ stack, place: placeOf(readable), sum });
    else {
      const [what] = sum?.unpriced ?? [];
      left.push(what ? `${stack} (${what.resource}: ${what.what})` : stack);
    }
  }
  const path = fromCaller(file);
  const partial = `${path}.${process.pid}`;
  try {
    writeFileSync(partial, await svgOf(costPlot(plotted)));
    renameSync(partial, path);
  } catch (error) {
    const code: unknown = Reflect.get(Object(error), "code");
    if (typeof code !== "string") throw error;
    throw new CommandError(
      `--plot: ${JSON.stringify(file)}: it cannot be written (${code}); name a file in a folder that is there`,
    );
  }
  if (json)
    return JSON.stringify({
      ...{ file: path, leftOut: left },
      stacks: plotted.map(({ stack, place, sum }) => ({
        ...{ stack, place, unpriced: sum.unpriced },
        ...{ floor: sum.floor, typical: sum.typical, ceiling: sum.ceiling },
      })),
    });
  return [
    `${file}: ${plotted.map(({ stack }) => stack).join(", ")}`,
    ...(left.length > 0
      ? [`left out, without a price: ${left.join("; ")}`]
      : []),
  ].join("\n");
}
