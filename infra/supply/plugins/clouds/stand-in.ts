type Properties = Readonly<Record<string, unknown>>;

/** Facts of a provider for the generic plugin. */
export interface StandIn {
  /** Outputs that the provider adds to a resource's inputs, by type, as far as the target reads them. */
  readonly outputs: Readonly<
    Record<string, (inputs: Properties, name: string) => Properties>
  >;
  /** Answers to the functions that the target calls. */
  readonly calls: Readonly<Record<string, (args: Properties) => object>>;
  /** Properties that force replacement, by type, beside names and locations. */
  readonly fixed: Readonly<Record<string, readonly string[]>>;
  /** Identifier of every resource of the provider. */
  identity(type: string, name: string, inputs: Properties): Properties;
}

/** A text, or an empty one of anything else. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
