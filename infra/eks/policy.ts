import {
  at,
  clusterHolds,
  list,
  openRanges,
  type PolicyFacts,
  type PolicyResource,
} from "../policy-facts";
import { namesEveryone, publicAcl, statements } from "../s3-access";

const bucketType = "aws:s3/bucket:Bucket";
const blockType = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";

const blockFlags = [
  "blockPublicAcls",
  "blockPublicPolicy",
  "ignorePublicAcls",
  "restrictPublicBuckets",
];

/** AWS facts for the policy rules. */
export const policy: PolicyFacts = {
  publicBuckets: {
    [bucketType]: publicAcl,
    "aws:s3/bucketAcl:BucketAcl": publicAcl,
    [blockType]: ({ props }) =>
      blockFlags
        .filter((flag) => props[flag] !== true)
        .map((flag) => `${flag}: set it to true`),
    "aws:s3/bucketPolicy:BucketPolicy": ({ props }) =>
      statements(props["policy"]).some(admitsEveryone)
        ? ["policy: allows every principal; name those who may"]
        : [],
  },
  broadRights: {
    ...Object.fromEntries(
      [
        ...["policy:Policy", "rolePolicy:RolePolicy", "userPolicy:UserPolicy"],
        "groupPolicy:GroupPolicy",
      ].map((kind) => [`aws:iam/${kind}`, unlimited]),
    ),
    ...Object.fromEntries(
      [
        "rolePolicyAttachment:RolePolicyAttachment",
        "userPolicyAttachment:UserPolicyAttachment",
        "groupPolicyAttachment:GroupPolicyAttachment",
        "policyAttachment:PolicyAttachment",
      ].map((kind) => [
        `aws:iam/${kind}`,
        ({ props }: PolicyResource) =>
          administration("policyArn", [props["policyArn"]]),
      ]),
    ),
    "aws:iam/role:Role": ({ props }) => [
      ...(statements(props["assumeRolePolicy"]).some(admitsEveryone)
        ? ["assumeRolePolicy: trusts every principal; name those who may"]
        : []),
      ...administration("managedPolicyArns", list(props["managedPolicyArns"])),
      ...list(props["inlinePolicies"]).flatMap((inline) =>
        unlimited({ props: { policy: at(inline, "policy") } }),
      ),
    ],
  },
  openBuckets: (resources) =>
    resources.filter(
      (bucket) => bucket.type === bucketType && !hasBlock(bucket, resources),
    ),
  openApis: {
    "aws:eks/cluster:Cluster": ({ props }) => {
      const access = props["vpcConfig"];
      // EKS opens it where nothing is said.
      if (at(access, "endpointPublicAccess") === false) return [];
      return openRanges(
        "vpcConfig.publicAccessCidrs",
        list(at(access, "publicAccessCidrs")),
      );
    },
  },
  boundedPools: {
    "aws:eks/nodeGroup:NodeGroup": ({ props }) => [
      {
        path: "scalingConfig.maxSize",
        most: at(props, "scalingConfig", "maxSize"),
      },
    ],
    "mlstack:index:NodeGroupSize": ({ props }) => [
      { path: "max", most: props["max"] },
    ],
    "aws:autoscaling/group:Group": ({ props }) => [
      { path: "maxSize", most: props["maxSize"] },
    ],
  },
  keyTypes: [
    /^aws:iam\/(accessKey:AccessKey|user:User|serviceSpecificCredential:)/,
  ],
  providerKeys: {
    "pulumi:providers:aws": ["accessKey", "secretKey", "token"],
  },
  holdings: [
    [/^aws:s3\/bucket(V2)?:Bucket(V2)?$/, "its objects"],
    [/^aws:(rds|docdb|dynamodb)\//, "its records"],
    [/^aws:(ebs|efs|fsx)\//, "its files"],
    [/^aws:ecr\/repository:Repository$/, "its images"],
    [/^aws:kms\/key:Key$/, "everything encrypted with it"],
    [/^aws:eks\/cluster:Cluster$/, clusterHolds],
  ],
  tags: {
    prefix: "aws:",
    own: ["tags"],
    all: ["defaultTags", "tags"],
    also: templateFaults,
  },
};

/** A block names its bucket; where the name is not known yet, it is the one beside it. */
function hasBlock(
  bucket: PolicyResource,
  resources: readonly PolicyResource[],
): boolean {
  return resources.some((block) => {
    if (block.type !== blockType) return false;
    const [own, blocked] = [nameOf(bucket), nameOf(block)];
    return own !== undefined && blocked !== undefined
      ? own === blocked
      : block.parent === bucket.parent;
  });
}

/** Name of a bucket; at preview, reading what is not known yet is an error of its own. */
function nameOf({ props }: PolicyResource): string | undefined {
  try {
    const name = props["bucket"];
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

/** All but some is everybody. */
function admitsEveryone(statement: unknown): boolean {
  return (
    at(statement, "Effect") === "Allow" &&
    (namesEveryone(statement) || at(statement, "NotPrincipal") !== undefined)
  );
}

/** Statements of a policy that allow every action on everything. */
function unlimited({ props }: Pick<PolicyResource, "props">): string[] {
  return statements(props["policy"]).some(
    (statement) =>
      at(statement, "Effect") === "Allow" &&
      several(at(statement, "Resource")).includes("*") &&
      (at(statement, "NotAction") !== undefined ||
        several(at(statement, "Action")).some((action) =>
          ["*", "*:*", "iam:*"].includes(String(action)),
        )),
  )
    ? ["policy: allows every action on everything; name what is needed"]
    : [];
}

function administration(path: string, arns: readonly unknown[]): string[] {
  return arns
    .map(String)
    .filter((arn) =>
      /:policy\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/.test(arn),
    )
    .map((arn) => `${path}: ${arn}: name what is needed`);
}

/** The values of a field that a policy may write as one value or as a list. */
function several(value: unknown): readonly unknown[] {
  return value === undefined || Array.isArray(value) ? list(value) : [value];
}

/**
 * A provider's tags do not reach what a launch template makes. Its own name the stack and no owner, with whom every
 * machine would be replaced.
 */
function templateFaults(
  { type, props }: PolicyResource,
  missing: (tags: unknown, keys: readonly string[]) => readonly string[],
): string[] {
  if (type !== "aws:ec2/launchTemplate:LaunchTemplate") return [];
  const specifications = list(props["tagSpecifications"]);
  return ["instance", "volume"].flatMap((resourceType) => {
    const found = specifications.find(
      (one) => at(one, "resourceType") === resourceType,
    );
    return missing(at(found, "tags"), ["stack"]).map(
      (key) => `tagSpecifications of ${resourceType}: ${key}: set it`,
    );
  });
}
