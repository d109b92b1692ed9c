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

import { run } from "./process";
import type { Step, StepContext } from "./step";
import { moduleSource } from "./toolchain/module-source";
import { cacheFolder, findTool, toolVersion } from "./toolchain/tools";

/** A chart or a repository's manifests, which lie in the Go module of the program that they install. */
export interface MirrorEntry {
  /** Name of the chart or of the repository. */
  readonly name: string;
  /** Version of the chart as its repository lists it, or tag of the repository. */
  readonly version: string;
  readonly kind: "chart" | "manifests";
  /** Tool whose go.mod pins the module. */
  readonly tool: string;
  /** Folder in the module. */
  readonly path: string;
  /** Makes the folder what a release of the chart is. */
  readonly assemble?: (folder: string, version: string) => void;
}

const versionOf = (tool: string) => toolVersion(findTool(tool));

/** Artifacts of package registries that the program installs, at the versions of components/versions.ts. */
export const MIRROR: readonly MirrorEntry[] = [
  {
    name: "cert-manager",
    version: `v${versionOf("cert-manager-controller")}`,
    kind: "chart",
    tool: "cert-manager-controller",
    path: "deploy/charts/cert-manager",
    assemble: assembleCertManager,
  },
  {
    name: "spark-operator",
    version: versionOf("spark-operator"),
    kind: "chart",
    tool: "spark-operator",
    path: "charts/spark-operator-chart",
  },
  ...[
    { name: "kserve-crd", path: "charts/kserve-crd" },
    { name: "kserve", path: "charts/kserve-resources" },
  ].map((row) => ({
    ...row,
    kind: "chart" as const,
    version: `v${versionOf("kserve-controller")}`,
    tool: "kserve-controller",
  })),
  {
    name: "training-operator",
    version: `v${versionOf("training-operator")}`,
    kind: "manifests",
    tool: "training-operator",
    path: "manifests",
  },
];

/** This machine's mirror of public charts and repositories, in the form that infra/charts/chart-source.ts reads. */
export function mirrorFolder(): string {
  return join(cacheFolder(), "mirror");
}

/** Archive of a chart, or folder of a repository, in the mirror. */
export function mirrorPath({ name, version, kind }: MirrorEntry): string {
  const entry = `${name}-${version}`;
  return join(mirrorFolder(), kind === "chart" ? `${entry}.tgz` : entry);
}

/** A step for each entry that the mirror lacks. */
export function mirrorSteps(): Step[] {
  return MIRROR.filter((entry) => !existsSync(mirrorPath(entry))).map(
    (entry) => ({
      id: `mirror-${entry.name}`,
      title: `Store the ${entry.kind === "chart" ? "chart" : "manifests of"} ${entry.name} ${entry.version}`,
      minutes: 0.1,
      gibibytes: 0.1,
      needsGo: true,
      run: (context) => store(entry, context),
    }),
  );
}

/** Stores an entry as a whole or not at all. */
async function store(entry: MirrorEntry, context: StepContext): Promise<void> {
  const source = await moduleSource(findTool(entry.tool), context);
  const target = mirrorPath(entry);
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const copy = join(partial, entry.kind === "chart" ? entry.name : entry.path);
  mkdirSync(dirname(copy), { recursive: true });
  cpSync(join(source, entry.path), copy, { recursive: true });
  // Folders of Go's module cache are read-only, and so are their copies.
  await run("chmod", ["-R", "u+w", partial]);
  entry.assemble?.(copy, entry.version);
  if (entry.kind === "chart") {
    const archive = `${partial}.tgz`;
    await run("tar", ["-czf", archive, "-C", partial, entry.name], context);
    rmSync(partial, { recursive: true });
    renameSync(archive, target);
  } else renameSync(partial, target);
}

/** The repository's chart has a version of its own, which a release replaces by the program's. */
function assembleCertManager(folder: string, version: string): void {
  const file = join(folder, "Chart.yaml");
  writeFileSync(
    file,
    readFileSync(file, "utf8")
      .replace(/^version: .*$/m, `version: ${version}`)
      .replace(/^appVersion: .*$/m, `appVersion: ${version}`),
  );
  rmSync(join(folder, "README.template.md"), { force: true });
}
