import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { propertiesAt, textAt, type Properties } from "../plugin/value";
import { problem, run } from "./tool";
import { parse } from "./yaml-documents";

/** A chart as helm finds it, and as it describes itself. */
export interface Chart {
  readonly reference: string;
  readonly version: string;
  readonly flags: readonly string[];
}

/**
 * Folder of a chart that was put aside for a machine without the internet; a chart of this machine has no repository,
 * and is none of these.
 */
export function storedChart(
  chart: string,
  version: string,
  repository: string | undefined,
): string | undefined {
  if (!repository && !chart.startsWith("oci:")) return undefined;
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const name = chart.split("/").at(-1) ?? chart;
  return [version.replace(/^v/, ""), version]
    .map((each) => join(cache, "mlstack", "charts", `${name}-${each}`))
    .find((path) => existsSync(join(path, "Chart.yaml")));
}

/** Finds the chart of a release, or says why there is none. */
export async function locateChart(inputs: Properties): Promise<Chart> {
  const chart = textAt(inputs, "chart") ?? "";
  const wanted = textAt(inputs, "version") ?? "";
  const repository = propertiesAt(inputs, "repositoryOpts");
  const local = storedChart(chart, wanted, textAt(repository, "repo")) ?? chart;
  if (existsSync(join(local, "Chart.yaml"))) {
    const description = parse(readFileSync(join(local, "Chart.yaml"), "utf8"));
    const version = textAt(description, "version") ?? "";
    return { reference: local, version, flags: [] };
  }
  if (/^[./~]/.test(chart)) {
    throw new Error(`path "${chart}" not found`);
  }
  const flags = repositoryFlags(repository);
  if (wanted) flags.push("--version", wanted);
  if (inputs.devel === true) flags.push("--devel");
  const shown = await run("helm", ["show", "chart", chart, ...flags]);
  if (shown.code !== 0) throw new Error(problem(shown));
  const version = textAt(parse(shown.stdout), "version") ?? wanted;
  return { reference: chart, version, flags };
}

function repositoryFlags(repository: Properties): string[] {
  const names = {
    repo: "--repo",
    caFile: "--ca-file",
    certFile: "--cert-file",
    keyFile: "--key-file",
    username: "--username",
    password: "--password",
  };
  return Object.entries(names).flatMap(([key, flag]) => {
    const value = textAt(repository, key);
    return value ? [flag, value] : [];
  });
}
