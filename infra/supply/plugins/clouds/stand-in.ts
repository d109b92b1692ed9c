type Properties = Readonly<Record<string, unknown>>;

/** What the generic plugin has to know of a provider to stand in for its own. */
export interface StandIn {
  /** What the provider adds to the inputs of a resource, by type: as much of it as the target reads. */
  readonly outputs: Readonly<
    Record<string, (inputs: Properties, name: string) => Properties>
  >;
  /** Answers to the functions that the target calls. */
  readonly calls: Readonly<Record<string, (args: Properties) => object>>;
  /** What else cannot be changed in place, by type, beside names and places. */
  readonly fixed: Readonly<Record<string, readonly string[]>>;
  /** What every resource of the provider is known by. */
  identity(type: string, name: string, inputs: Properties): Properties;
}

/** A text, or an empty one of anything else. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
