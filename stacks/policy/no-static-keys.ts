import { policyFacts } from "../../infra";
import {
  at,
  isObject,
  list,
  type PolicyResource,
} from "../../infra/policy-facts";
import { containersOf, podSpecs } from "./pod-specs";
import { checkByType, type Rule } from "./rule";
import { sparkSpecPath } from "./spark-spec";

const staticKeys = policyFacts.map((facts) => facts.staticKeys);
const keyTypes = policyFacts.flatMap((facts) => facts.keyTypes ?? []);

/** Settings of a provider that would hold a key. */
const providerKeys: Readonly<Record<string, readonly string[]>> = Object.assign(
  {},
  ...policyFacts.map((facts) => facts.providerKeys),
);

const secretVariable =
  /(SECRET|PASSWORD|PASSWD|TOKEN|ACCESS_KEY|ACCOUNT_KEY|PRIVATE_KEY)(_ID)?$/;
const secretSetting =
  /^(spark\.hadoop\.)?fs\.(s3a\.(.+\.)?(access|secret)\.key|azure\.account\.key.*|gs\.auth\.service\.account\.private\.key)$/;

/** Whoever needs access proves who they are; no key lies about. */
export const noStaticKeys: Rule = {
  name: "no-static-keys",
  description:
    "Access comes from workload identities and short-lived tokens; where a store knows keys only, they stand in Secrets.",
  check(resource) {
    return [
      ...(keyTypes.some((type) => type.test(resource.type))
        ? ["a static key; use a workload identity"]
        : []),
      ...(providerKeys[resource.type] ?? [])
        .filter((key) => resource.props[key] !== undefined)
        .map(
          (key) => `${key}: log in by the cloud's own command line, or OIDC`,
        ),
      ...checkByType(staticKeys, resource),
      ...podSpecs(resource).flatMap((pod) =>
        containersOf(pod).flatMap(({ path, container }) =>
          list(container["env"]).flatMap((variable, index) =>
            isStaticSecret(variable)
              ? [`${path}.env[${index}].value: take it from a Secret`]
              : [],
          ),
        ),
      ),
      ...settingFaults(resource),
    ];
  },
};

function isStaticSecret(variable: unknown): boolean {
  const [name, value] = [at(variable, "name"), at(variable, "value")];
  return (
    secretVariable.test(String(name)) && value !== undefined && value !== ""
  );
}

/** Keys in the settings of a Spark job. */
function settingFaults({ type, props }: PolicyResource): string[] {
  const path = sparkSpecPath(type);
  if (path === undefined) return [];
  return ["sparkConf", "hadoopConf"].flatMap((kind) => {
    const settings = at(props, ...path, kind);
    return (isObject(settings) ? Object.keys(settings) : [])
      .filter((key) => secretSetting.test(key))
      .map(
        (key) =>
          `${[...path, kind].join(".")}["${key}"]: take it from a Secret`,
      );
  });
}
