import {
  at,
  clusterHolds,
  isObject,
  list,
  openRanges,
  type PolicyFacts,
  type PolicyResource,
  type Properties,
} from "../policy-facts";

const everyone = ["allUsers", "allAuthenticatedUsers"];

/** Google Cloud facts for the policy rules. */
export const policy: PolicyFacts = {
  publicBuckets: {
    "gcp:storage/bucket:Bucket": ({ props }) => [
      ...(props["publicAccessPrevention"] === "enforced"
        ? []
        : ["publicAccessPrevention: write enforced"]),
      ...(props["uniformBucketLevelAccess"] === true
        ? []
        : ["uniformBucketLevelAccess: set it to true"]),
    ],
    "gcp:storage/bucketIAMMember:BucketIAMMember": publicMembers,
    "gcp:storage/bucketIAMBinding:BucketIAMBinding": publicMembers,
    "gcp:storage/bucketIAMPolicy:BucketIAMPolicy": ({ props, ...rest }) =>
      bindingsOf(props["policyData"]).flatMap((binding) =>
        publicMembers({ ...rest, props: binding }),
      ),
  },
  broadRights: {
    ...Object.fromEntries(
      ["projects", "folder", "organizations"].flatMap((place) =>
        ["IAMMember", "IAMBinding"].map((kind) => [
          `gcp:${place}/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`,
          broadRole,
        ]),
      ),
    ),
    "gcp:projects/iAMPolicy:IAMPolicy": ({ props, ...rest }) =>
      bindingsOf(props["policyData"]).flatMap((binding) =>
        broadRole({ ...rest, props: binding }),
      ),
  },
  openApis: {
    "gcp:container/cluster:Cluster": ({ props }) => {
      if (at(props, "privateClusterConfig", "enablePrivateEndpoint") === true)
        return [];
      const path = "masterAuthorizedNetworksConfig";
      const blocks = list(at(props, path, "cidrBlocks"));
      return openRanges(
        `${path}.cidrBlocks`,
        blocks.map((block) => at(block, "cidrBlock")),
      );
    },
  },
  boundedPools: {
    "gcp:container/nodePool:NodePool": ({ props }) => {
      const { autoscaling, nodeCount } = props;
      return autoscaling === undefined
        ? [{ path: "nodeCount", most: nodeCount }]
        : [
            {
              path: "autoscaling.totalMaxNodeCount",
              most:
                at(autoscaling, "totalMaxNodeCount") ??
                at(autoscaling, "maxNodeCount"),
            },
          ];
    },
  },
  keyTypes: [/^gcp:serviceaccount\/key:Key$/, /^gcp:storage\/hmacKey:HmacKey$/],
  providerKeys: { "pulumi:providers:gcp": ["credentials", "accessToken"] },
  staticKeys: {
    "gcp:container/cluster:Cluster": ({ props }) =>
      at(
        props,
        ...["masterAuth", "clientCertificateConfig", "issueClientCertificate"],
      ) === true
        ? ["masterAuth: issue no client certificate"]
        : [],
  },
  holdings: [
    [/^gcp:storage\/bucket:Bucket$/, "its objects"],
    [/^gcp:sql\//, "its records"],
    [/^gcp:(compute\/(region)?disk|filestore\/)/i, "its files"],
    [/^gcp:artifactregistry\/repository:/, "its images"],
    [/^gcp:kms\/cryptoKey:/, "everything encrypted with it"],
    [/^gcp:container\/cluster:Cluster$/, clusterHolds],
  ],
  tags: {
    prefix: "gcp:",
    own: ["labels", "resourceLabels"],
    all: ["defaultLabels"],
  },
};

function publicMembers({ props }: PolicyResource): string[] {
  return [props["member"], ...list(props["members"])]
    .map(String)
    .filter((member) => everyone.includes(member))
    .map((member) => `${member}: name those who may`);
}

/** Roles of a whole project that the first days of Google Cloud left. */
function broadRole(resource: PolicyResource): string[] {
  const role = String(resource.props["role"]);
  return [
    ...(["roles/owner", "roles/editor"].includes(role)
      ? [`role: ${role}: name what is needed`]
      : []),
    ...publicMembers(resource),
  ];
}

/** Bindings of a policy that is written as JSON. */
function bindingsOf(policy: unknown): readonly Properties[] {
  const document: unknown =
    typeof policy === "string" ? JSON.parse(policy) : policy;
  return list(at(document, "bindings")).filter(isObject);
}
