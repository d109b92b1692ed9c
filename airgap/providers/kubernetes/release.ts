import { readFileSync } from "node:fs";
import { InitFailure } from "../plugin/serve";
import {
  at,
  equal,
  hasUnknown,
  isProperties,
  listAt,
  markSecrets,
  numberAt,
  propertiesAt,
  reveal,
  textAt,
  type Properties,
  type Value,
} from "../plugin/value";
import { locateChart } from "./chart";
import { diff, replacements, type Changes } from "./diff";
import { parseId, parseUrn, suffix } from "./naming";
import { drifted } from "./object";
import type { Provider } from "./provider";
import { liveOf, look, previewed, releaseId, stateOf } from "./release-state";
import type { Call } from "./resource";
import { clusterFlags, problem, run, type Outcome } from "./tool";
import { parse } from "./yaml-documents";

/** Seconds that a release may take by itself. */
const defaultTimeout = 300;

const identity = [["name"], ["namespace"]];

/** Inputs of a release that its outputs replace or that say nothing. */
const dropped = ["compat", "resourceNames", "status"];

/** Completes the inputs of a release, and says what is wrong with its chart. */
export async function checkRelease(
  provider: Provider,
  urn: string,
  old: Properties,
  program: Properties,
): Promise<{ readonly inputs: Properties; readonly failure?: string }> {
  const inputs: Properties = { ...program };
  for (const key of dropped) delete inputs[key];
  inputs.name ||=
    textAt(old, "name") ??
    `${parseUrn(urn).name}-${suffix(new Uint8Array(), urn)}`;
  inputs.namespace ||= provider.namespace;
  if (at(inputs, "skipAwait") !== true) inputs.timeout ??= defaultTimeout;
  const clear = reveal(inputs);
  if (hasUnknown(clear)) return { inputs };
  try {
    const chart = await locateChart(clear);
    inputs.version = chart.version;
    return { inputs };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      inputs,
      failure: `${message}; check the chart name and repository configuration.`,
    };
  }
}

/** How a release differs from the last one. */
export function compareRelease(
  oldInputs: Properties,
  newInputs: Properties,
): {
  readonly changes: Changes;
  readonly replaces: readonly string[];
  readonly top: readonly string[];
} {
  const old = reveal(oldInputs);
  const fresh = reveal(newInputs);
  const changes = diff(old, fresh, identity);
  const top = [...new Set([...Object.keys(old), ...Object.keys(fresh)])].filter(
    (key) => !equal(old[key], fresh[key]),
  );
  return { changes, replaces: replacements(changes), top };
}

/** Installs a release. */
export async function makeRelease(
  provider: Provider,
  call: Call,
  inputs: Properties,
): Promise<{ readonly id: string; readonly state: Properties }> {
  if (call.preview) return { id: "", state: previewed(inputs) };
  await provider.connected();
  const clear = reveal(inputs);
  const id = releaseId(clear);
  const install = () =>
    helm(provider, call, clear, "install", [
      ...flagOf(clear, "createNamespace", "--create-namespace"),
      ...flagOf(clear, "replace", "--replace"),
      ...flagOf(clear, "skipCrds", "--skip-crds"),
      ...flagOf(clear, "disableWebhooks", "--no-hooks"),
    ]);
  let outcome = await install();
  if (provider.options.upsert && /name .* still in use/.test(outcome.stderr)) {
    // A killed run began it, and nobody knows how far it got.
    await destroyRelease(provider, inputs, id);
    outcome = await install();
  }
  return { id, state: await settled(provider, call, inputs, outcome, id) };
}

/** Upgrades a release. */
export async function changeRelease(
  provider: Provider,
  call: Call,
  inputs: Properties,
): Promise<Properties> {
  if (call.preview) return previewed(inputs);
  await provider.connected();
  const clear = reveal(inputs);
  const outcome = await helm(provider, call, clear, "upgrade", [
    ...flagOf(clear, "disableCRDHooks", "--no-hooks"),
    ...flagOf(clear, "forceUpdate", "--force"),
    ...flagOf(clear, "resetValues", "--reset-values"),
    ...flagOf(clear, "reuseValues", "--reuse-values"),
    ...flagOf(clear, "cleanupOnFail", "--cleanup-on-fail"),
    "--history-max",
    String(numberAt(clear, "maxHistory") ?? 0),
  ]);
  return settled(provider, call, inputs, outcome, releaseId(clear));
}

/** Reads a release as it is; nothing where it is gone. */
export async function refreshRelease(
  provider: Provider,
  id: string,
  state: Properties,
  inputs: Properties,
): Promise<
  { readonly state: Properties; readonly inputs: Properties } | undefined
> {
  await provider.connected();
  const { namespace = provider.namespace, name } = parseId(id);
  const live = await look(provider, namespace, name);
  if (!live) return undefined;
  const known: Properties =
    Object.keys(inputs).length > 0
      ? inputs
      : { name, namespace, chart: live.chart, values: live.values };
  const values = at(known, "values");
  // Values that someone else set by helm come back as a difference.
  const current = markSecrets(
    {
      ...reveal(known),
      version: live.version,
      ...(values === undefined
        ? {}
        : {
            values: drifted(
              reveal(values),
              reveal(at(state, "values") ?? values),
              live.values,
            ),
          }),
    },
    known,
  );
  return { state: stateOf(current, live), inputs: current };
}

/** Uninstalls a release; one that is gone already is fine. */
export async function destroyRelease(
  provider: Provider,
  state: Properties,
  id: string,
): Promise<void> {
  await provider.connected();
  const clear = reveal(state);
  const { namespace = provider.namespace, name } = parseId(id);
  const waits = clear.atomic === true || clear.skipAwait !== true;
  const outcome = await run(
    "helm",
    [
      "uninstall",
      name,
      "--namespace",
      namespace,
      "--ignore-not-found",
      ...(waits ? ["--wait", ...timeoutFlags(clear, 0)] : []),
      ...clusterFlags(provider.options),
    ],
    { signal: provider.cancel.signal },
  );
  if (outcome.code !== 0) throw new Error(problem(outcome));
  (await provider.reachable())?.forget();
}

async function helm(
  provider: Provider,
  call: Call,
  inputs: Properties,
  action: "install" | "upgrade",
  flags: readonly string[],
): Promise<Outcome> {
  const chart = await locateChart(inputs);
  const waits = inputs.skipAwait !== true;
  const description = textAt(inputs, "description");
  const postrender = textAt(inputs, "postrender");
  provider.log.status("info", `helm ${action} of ${chart.reference}`, call.urn);
  const outcome = await run(
    "helm",
    [
      action,
      textAt(inputs, "name") ?? "",
      chart.reference,
      ...chart.flags,
      "--namespace",
      textAt(inputs, "namespace") ?? provider.namespace,
      "--values",
      "-",
      ...(waits ? ["--wait"] : []),
      ...(waits ? flagOf(inputs, "waitForJobs", "--wait-for-jobs") : []),
      ...timeoutFlags(inputs, call.timeout),
      ...flagOf(inputs, "atomic", "--atomic"),
      ...flagOf(inputs, "dependencyUpdate", "--dependency-update"),
      ...flagOf(
        inputs,
        "disableOpenapiValidation",
        "--disable-openapi-validation",
      ),
      ...flagOf(inputs, "renderSubchartNotes", "--render-subchart-notes"),
      ...flagOf(inputs, "takeOwnership", "--take-ownership"),
      ...(description ? ["--description", description] : []),
      ...(postrender ? ["--post-renderer", postrender] : []),
      ...flags,
      "--output",
      "json",
      ...clusterFlags(provider.options),
    ],
    {
      stdin: JSON.stringify(valuesOf(inputs)),
      signal: provider.cancel.signal,
    },
  );
  // A chart may bring kinds of its own.
  (await provider.reachable())?.forget();
  provider.log.status("info", "", call.urn);
  return outcome;
}

function flagOf(inputs: Properties, key: string, flag: string): string[] {
  return inputs[key] === true ? [flag] : [];
}

function timeoutFlags(inputs: Properties, seconds: number): string[] {
  const timeout = numberAt(inputs, "timeout") ?? (seconds || defaultTimeout);
  return ["--timeout", `${timeout}s`];
}

/** Values of the files, overridden by those of the program. */
function valuesOf(inputs: Properties): Properties {
  const files = listAt(inputs, "valueYamlFiles").map((asset) => {
    const path = textAt(asset, "path");
    return parse(
      path ? readFileSync(path, "utf8") : (textAt(asset, "text") ?? ""),
    );
  });
  return [...files, propertiesAt(inputs, "values")].reduce(merge, {});
}

function merge(a: Properties, b: Properties): Properties {
  const out: Properties = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const old = out[key];
    out[key] =
      isProperties(old) && isProperties(value) ? merge(old, value) : value;
  }
  return out;
}

/** The state after helm has run; a failed release that exists stays in it. */
async function settled(
  provider: Provider,
  call: Call,
  inputs: Properties,
  outcome: Outcome,
  id: string,
): Promise<Properties> {
  const clear = reveal(inputs);
  const namespace = textAt(clear, "namespace") ?? "";
  const name = textAt(clear, "name") ?? "";
  if (outcome.code === 0) {
    const release = JSON.parse(outcome.stdout) as Value;
    return stateOf(inputs, liveOf(release, namespace, name));
  }
  const reason = problem(outcome);
  const live = await look(provider, namespace, name);
  if (!live || (live.status === "deployed" && live.revision === 1)) {
    throw new Error(reason);
  }
  provider.log.say(
    "warning",
    `Helm release "${name}" was created but has a failed status. Use the \`helm\` command to investigate the error, correct it, then retry. Reason: ${reason}`,
    call.urn,
  );
  throw new InitFailure(id, stateOf(inputs, live), [
    `Helm release "${id}" was created, but failed to initialize completely. Use Helm CLI to investigate: failed to become available within allocated timeout. Error: Helm Release ${id}: ${reason}`,
  ]);
}
