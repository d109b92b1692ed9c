import type { PolicyResource } from "../../infra/policy-facts";
import type { Recording } from "./recording-monitor";

/** What a program registered, as the rules of the policy pack see it. */
export function policyResources({
  custom,
}: Pick<Recording<unknown>, "custom">): PolicyResource[] {
  return custom.map(({ type, name, inputs, parent, provider }) => ({
    type,
    name,
    props: inputs,
    parent,
    // The reference to a provider is its URN and its ID.
    provider: custom.find(({ urn }) => provider.startsWith(`${urn}::`))?.inputs,
  }));
}
