import { storedManifests } from "../../manifests";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  propertiesAt,
  textAt,
  type Properties,
  type Value,
} from "../plugin/value";
import { storedChart } from "./chart";
import { withMetadata } from "./naming";
import { kindOf } from "./object";
import type { Provider } from "./provider";
import { clusterFlags, problem, run } from "./tool";
import { parseAll } from "./yaml-documents";

/** Functions that the SDK's charts, files and folders are made with. */
export async function invoke(
  provider: Provider,
  token: string,
  args: Properties,
): Promise<Properties> {
  const required = (name: string): string => {
    const value = textAt(args, name);
    if (value !== undefined) return value;
    throw new Error(`missing required field '${name}' of type string`);
  };
  switch (token) {
    case "kubernetes:yaml:decode": {
      const objects = parseAll(required("text"));
      const namespace = textAt(args, "defaultNamespace");
      return { result: await placed(provider, objects, namespace) };
    }
    case "kubernetes:helm:template":
      return { result: await template(provider, required("jsonOpts")) };
    case "kubernetes:kustomize:directory":
      return { result: await kustomize(required("directory")) };
    default:
      throw new Error(`unknown Invoke type "${token}"`);
  }
}

/** Gives a namespace to objects that need one and name none. */
async function placed(
  provider: Provider,
  objects: readonly Properties[],
  namespace: string | undefined,
): Promise<Properties[]> {
  if (!namespace) return [...objects];
  return Promise.all(
    objects.map(async (object) =>
      textAt(object, "metadata", "namespace") === undefined &&
      (await provider.namespaced(kindOf(object)))
        ? withMetadata(object, { namespace })
        : object,
    ),
  );
}

async function template(
  provider: Provider,
  text: string,
): Promise<Properties[]> {
  const options = propertiesAt(JSON.parse(text) as Value);
  const fetch = propertiesAt(options, "fetch_opts");
  const name = textAt(options, "chart") ?? "";
  const version = textAt(options, "version") ?? textAt(fetch, "version") ?? "";
  const path = textAt(options, "path");
  const repo = textAt(fetch, "repo");
  const alias = textAt(options, "repo");
  const stored = storedChart(name, version, repo ?? alias);
  const local = path === undefined ? stored : join(path, name);
  const prefixed =
    !repo && alias && !name.startsWith(`${alias}/`) ? `${alias}/${name}` : name;
  const namespace = textAt(options, "namespace") ?? "default";
  const cluster = await provider.reachable();
  const rendered = await run(
    "helm",
    [
      "template",
      textAt(options, "release_name") ?? name,
      local && existsSync(local) ? local : prefixed,
      ...(local || !repo ? [] : ["--repo", repo]),
      ...(local || !version ? [] : ["--version", version]),
      "--namespace",
      namespace,
      ...(options.skip_crd_rendering === true ? [] : ["--include-crds"]),
      ...(options.include_test_hook_resources === true ? [] : ["--skip-tests"]),
      ...(textAt(options, "kube_version")
        ? ["--kube-version", textAt(options, "kube_version") ?? ""]
        : []),
      ...listed(options, "api_versions").flatMap((v) => ["--api-versions", v]),
      // The server's own version and kinds, where there is one.
      ...(cluster ? ["--validate", ...clusterFlags(provider.options)] : []),
      "--values",
      "-",
    ],
    { stdin: JSON.stringify(propertiesAt(options, "values")) },
  );
  if (rendered.code !== 0) {
    throw new Error(
      `failed to generate YAML for specified Helm chart: ${problem(rendered)}`,
    );
  }
  return placed(provider, parseAll(rendered.stdout), namespace);
}

function listed(options: Properties, key: string): string[] {
  const value = options[key];
  return Array.isArray(value) ? value.map(String) : [];
}

async function kustomize(directory: string): Promise<Properties[]> {
  const built = await run("kubectl", [
    "kustomize",
    storedManifests(directory) ?? directory,
  ]);
  if (built.code !== 0) {
    throw new Error(
      `kustomize failed for directory "${directory}": ${problem(built).replace(/^error: /, "")}`,
    );
  }
  return parseAll(built.stdout);
}
