import type { PolicyResource } from "../../infra/policy-facts";
import type { Recording } from "./recording-monitor";

/** Registered resources in the form that the policy pack's rules take. */
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
