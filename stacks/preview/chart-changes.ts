import { nameOf, typeOf, type Step } from "./digest";

/** Use of a chart by a stack. */
export interface ChartUse {
  readonly release: string;
  readonly namespace: string;
  readonly chart: string;
  readonly version: string;
  readonly repositoryOpts: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
  readonly crds: boolean;
}

/** A chart whose version or values a change touches, so that other manifests come out of it. */
export interface ChartChange {
  /** Name of the resource. */
  readonly name: string;
  readonly before: ChartUse;
  readonly after: ChartUse;
}

type Properties = Readonly<Record<string, unknown>>;

const releaseType = "kubernetes:helm.sh/v3:Release";
const certManagerType = "kubernetes-cert-manager:index:CertManager";

/** Charts that the steps change; one that is new or goes away has no two sides to compare. */
export function chartChanges(steps: readonly Step[]): ChartChange[] {
  return steps
    .filter((step) => step.op === "update" || step.op === "replace")
    .flatMap((step) => {
      const read = readerOf(step, steps);
      const [old, now] = [step.oldState?.inputs, step.newState?.inputs];
      if (!read || !old || !now) return [];
      const name = nameOf(step);
      const change = { name, before: read(name, old), after: read(name, now) };
      return same(change.before, change.after) ? [] : [change];
    });
}

function readerOf(step: Step, steps: readonly Step[]) {
  switch (typeOf(step)) {
    case releaseType:
      return releaseUse;
    case certManagerType:
      // The component's own release, where it registers one, says the same.
      return steps.some(({ urn }) =>
        urn.includes(`${certManagerType}$${releaseType}::`),
      )
        ? undefined
        : certManagerUse;
    default:
      return undefined;
  }
}

function releaseUse(name: string, inputs: Properties): ChartUse {
  return {
    release: text(inputs["name"]) || name,
    namespace: text(inputs["namespace"]) || "default",
    chart: text(inputs["chart"]),
    version: text(inputs["version"]),
    repositoryOpts: texts(object(inputs["repositoryOpts"])),
    values: object(inputs["values"]),
    crds: inputs["skipCrds"] !== true,
  };
}

/** The component takes the chart's values as inputs of its own, and how to install it under `helmOptions`. */
function certManagerUse(name: string, inputs: Properties): ChartUse {
  const { helmOptions, ...values } = inputs;
  const options = object(helmOptions);
  return releaseUse(name, {
    ...options,
    values: { ...values, ...object(options["values"]) },
  });
}

function same(one: ChartUse, other: ChartUse): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function texts(properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([key, value]) =>
      typeof value === "string" ? [[key, value]] : [],
    ),
  );
}

function object(value: unknown): Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? { ...value }
    : {};
}
