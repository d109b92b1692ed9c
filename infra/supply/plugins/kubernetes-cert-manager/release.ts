import {
  isProperties,
  propertiesAt,
  type Properties,
  without,
} from "../../../provider/plugin/value";

/** Type token of the one component of the package. */
export const component = "kubernetes-cert-manager:index:CertManager";

/**
 * Inputs of the release behind a component: `helmOptions`, with the chart and
 * its repository filled in, and every other argument as a value of the chart.
 */
export function releaseInputs(args: Properties): Properties {
  const { helmOptions } = args;
  const options = isProperties(helmOptions) ? helmOptions : {};
  const repository = propertiesAt(options, "repositoryOpts");
  const values = Object.entries(without(args, "helmOptions", "status")).filter(
    ([, value]) => value !== null,
  );
  return {
    ...options,
    compat: "true",
    chart: options.chart ?? "cert-manager",
    repositoryOpts: {
      ...repository,
      repo: repository.repo ?? "https://charts.jetstack.io",
    },
    values: {
      ...propertiesAt(options, "values"),
      ...Object.fromEntries(values),
    },
  };
}
