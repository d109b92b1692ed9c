import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { z } from "zod";

import { run } from "../process";
import type { Step, StepContext } from "../steps";
import {
  cacheFolder,
  findTool,
  moduleFolder,
  toolVersion,
} from "../toolchain/tools";

/** A Helm chart that lies in the Go module of the program that it installs. */
export interface StoredChart {
  readonly chart: string;
  /** Version as the chart's repository lists it. */
  readonly version: string;
  /** Tool whose go.mod pins the module. */
  readonly tool: string;
  /** Folder in the module. */
  readonly path: string;
  /** Makes the folder what a release of the chart is. */
  readonly assemble?: (folder: string, version: string) => void;
}

/** The charts that the program installs, at the versions of components/versions.ts. */
export const CHARTS: readonly StoredChart[] = [
  {
    chart: "cert-manager",
    version: `v${toolVersion(findTool("cert-manager-controller"))}`,
    tool: "cert-manager-controller",
    path: "deploy/charts/cert-manager",
    assemble: assembleCertManager,
  },
  {
    chart: "spark-operator",
    version: toolVersion(findTool("spark-operator")),
    tool: "spark-operator",
    path: "charts/spark-operator-chart",
  },
  ...[
    { chart: "kserve-crd", path: "charts/kserve-crd" },
    { chart: "kserve", path: "charts/kserve-resources" },
  ].map((row) => ({
    ...row,
    version: `v${toolVersion(findTool("kserve-controller"))}`,
    tool: "kserve-controller",
  })),
];

/** Folder of a chart that is stored here, such as `cert-manager` at `v1.20.2`. */
export function storedChart(chart: string, version: string): string {
  return join(cacheFolder(), "charts", `${chart}-${version}`);
}

/** A step for each chart that is not stored yet. */
export function chartSteps(): Step[] {
  return CHARTS.filter(
    ({ chart, version }) => !existsSync(storedChart(chart, version)),
  ).map((row) => ({
    id: `chart-${row.chart}`,
    title: `Store the chart ${row.chart} ${row.version}`,
    minutes: 0.1,
    run: (context) => store(row, context),
  }));
}

async function store(
  { chart, version, tool, path, assemble }: StoredChart,
  { log, signal }: StepContext,
): Promise<void> {
  const row = findTool(tool);
  if (row.source.kind !== "go") throw new Error(`${tool} is no Go module`);
  const answer = await run(
    "go",
    ["mod", "download", "-json", row.source.module],
    { cwd: moduleFolder(row), log, signal },
  );
  const { Dir } = z.object({ Dir: z.string() }).parse(JSON.parse(answer));
  const folder = storedChart(chart, version);
  const half = `${folder}.half`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  cpSync(join(Dir, path), half, { recursive: true });
  // Go keeps module folders read-only, and their copies are.
  await run("chmod", ["-R", "u+w", half]);
  assemble?.(half, version);
  renameSync(half, folder);
}

/** The repository has a template of Chart.yaml, into which a release writes its version and whether it is a final one. */
function assembleCertManager(folder: string, version: string): void {
  const template = join(folder, "Chart.template.yaml");
  writeFileSync(
    join(folder, "Chart.yaml"),
    readFileSync(template, "utf8")
      .replace("{{IS_PRERELEASE}}", String(version.includes("-")))
      .replace(/^version: .*$/m, `version: ${version}`)
      .replace(/^appVersion: .*$/m, `appVersion: ${version}`),
  );
  rmSync(template);
  rmSync(join(folder, "README.template.md"), { force: true });
}
