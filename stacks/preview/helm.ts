import { terminalProgress } from "../../infra/supply/steps";
import { run } from "../../infra/supply/process";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { findProgram } from "../../infra/supply/toolchain/packages";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { kubernetesMinor } from "../../infra/versions";
import type { ChartUse } from "./chart-changes";

/** Fields of a release's repository, and the flags of helm that mean the same. */
const repositoryFlags = {
  repo: "--repo",
  caFile: "--ca-file",
  certFile: "--cert-file",
  keyFile: "--key-file",
  username: "--username",
  password: "--password",
} as const;

/**
 * Manifests of a chart as `helm template` renders them, for the Kubernetes version of the targets.
 *
 * @param values of the chart, without secrets
 * @throws with helm's own words when the chart cannot be read or rendered
 */
export async function renderChart(
  { chart, version, release, namespace, repositoryOpts, crds }: ChartUse,
  values: unknown,
): Promise<string> {
  const isPath = /^[./~]/.test(chart);
  const source = isPath
    ? []
    : [
        ...Object.entries(repositoryFlags).flatMap(([field, flag]) => {
          const value = repositoryOpts[field];
          return value === undefined || value === "" ? [] : [flag, value];
        }),
        ...(version === "" ? [] : ["--version", version]),
      ];
  return run(
    await findHelm(),
    [
      ...["template", release, chart, ...source],
      `--namespace=${namespace}`,
      `--kube-version=${kubernetesMinor}.0`,
      "--skip-tests",
      ...(crds ? ["--include-crds"] : []),
      "--values=-",
    ],
    { name: "helm template", input: JSON.stringify(values) },
  );
}

/** The person's own helm, or the toolchain's, built when missing. */
async function findHelm(): Promise<string> {
  const own = findProgram("helm");
  if (own) return own;
  await ensureTools(["helm"], terminalProgress);
  return toolPath("helm");
}
