import { containersOf, podSpecs } from "./pod-specs";
import {
  at,
  isObject,
  list,
  plainType,
  type PolicyResource,
  type Rule,
} from "./rule";

/** Resources that are keys which live until somebody removes them. */
const keyTypes: readonly RegExp[] = [
  /^aws:iam\/(accessKey:AccessKey|user:User|serviceSpecificCredential:)/,
  /^gcp:serviceaccount\/key:Key$/,
  /^gcp:storage\/hmacKey:HmacKey$/,
  /^azuread:.*(Password|Certificate)$/,
];

/** Settings of a provider that would hold a key. */
const providerKeys: Readonly<Record<string, readonly string[]>> = {
  "pulumi:providers:aws": ["accessKey", "secretKey", "token"],
  "pulumi:providers:gcp": ["credentials", "accessToken"],
  "pulumi:providers:azure-native": [
    "clientSecret",
    "clientCertificatePassword",
  ],
};

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
      ...cloudFaults(resource),
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

/** Ways into a cloud's service beside its identities. */
function cloudFaults({ type, props }: PolicyResource): string[] {
  switch (plainType({ type })) {
    case "azure-native:storage:StorageAccount":
      return props["allowSharedKeyAccess"] === false
        ? []
        : ["allowSharedKeyAccess: set it to false"];
    case "azure-native:containerregistry:Registry":
      return props["adminUserEnabled"] === true
        ? ["adminUserEnabled: set it to false"]
        : [];
    case "azure-native:containerservice:ManagedCluster":
      return props["disableLocalAccounts"] === true
        ? []
        : ["disableLocalAccounts: set it to true"];
    case "gcp:container/cluster:Cluster":
      return at(
        props,
        ...["masterAuth", "clientCertificateConfig", "issueClientCertificate"],
      ) === true
        ? ["masterAuth: issue no client certificate"]
        : [];
    default:
      return [];
  }
}

function isStaticSecret(variable: unknown): boolean {
  const [name, value] = [at(variable, "name"), at(variable, "value")];
  return (
    secretVariable.test(String(name)) && value !== undefined && value !== ""
  );
}

/** Keys in the settings of a Spark job. */
function settingFaults({ type, props }: PolicyResource): string[] {
  if (!type.endsWith(":SparkApplication")) return [];
  return ["sparkConf", "hadoopConf"].flatMap((kind) => {
    const settings = at(props, "spec", kind);
    return (isObject(settings) ? Object.keys(settings) : [])
      .filter((key) => secretSetting.test(key))
      .map((key) => `spec.${kind}["${key}"]: take it from a Secret`);
  });
}
