import assert from "node:assert/strict";

import { apiAllowList } from "../../../stacks/policy/api-allow-list";
import { boundedPools } from "../../../stacks/policy/bounded-pools";
import { noPrivilegedPod } from "../../../stacks/policy/no-privileged-pod";
import { noBroadRights } from "../../../stacks/policy/no-broad-rights";
import { noPublicService } from "../../../stacks/policy/no-public-service";
import { noPublicBucket } from "../../../stacks/policy/no-public-bucket";
import { noStaticKeys } from "../../../stacks/policy/no-static-keys";
import { requestsAndLimits } from "../../../stacks/policy/requests-and-limits";
import type { PolicyResource, Properties } from "../../../infra/policy-facts";
import { violations, type Rule } from "../../../stacks/policy/rule";
import { rules } from "../../../stacks/policy/rules";
import { tagged } from "../../../stacks/policy/tagged";

const stackTags = { stack: "aws", owner: "ml-platform" };
const tags = { tags: stackTags };

/** Something that a rule looks at: it is right as it stands, and wrong in each of the other ways. */
interface Case {
  readonly rule: Rule;
  readonly type: string;
  readonly good: Properties;
  /** Changed properties that break the rule, and the message. */
  readonly bad: readonly (readonly [Properties, RegExp])[];
}

const container = {
  name: "main",
  resources: {
    requests: { cpu: "100m", memory: "64Mi" },
    limits: { memory: "128Mi" },
  },
  env: [
    { name: "AWS_REGION", value: "eu-central-1" },
    {
      name: "AWS_SECRET_ACCESS_KEY",
      valueFrom: { secretKeyRef: { name: "k" } },
    },
  ],
};

function pod(spec: Properties, main: Properties = {}): Properties {
  const containers = [{ ...container, ...main }];
  return {
    metadata: { namespace: "ml" },
    spec: { template: { spec: { containers, ...spec } } },
  };
}

const deployment = "kubernetes:apps/v1:Deployment";
const sparkApplication =
  "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication";

const cases: readonly Case[] = [
  {
    rule: noPublicBucket,
    type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    good: {
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    bad: [
      [{ blockPublicPolicy: false }, /^blockPublicPolicy/],
      [{ restrictPublicBuckets: undefined }, /^restrictPublicBuckets/],
    ],
  },
  {
    rule: noPublicBucket,
    type: "aws:s3/bucketAcl:BucketAcl",
    good: { acl: "private" },
    bad: [
      [{ acl: "public-read" }, /public-read/],
      [{ acl: "authenticated-read" }, /authenticated-read/],
    ],
  },
  {
    rule: noPublicBucket,
    type: "aws:s3/bucketPolicy:BucketPolicy",
    good: { policy: policyOf("Deny", "*") },
    bad: [
      [{ policy: policyOf("Allow", "*") }, /every principal/],
      [{ policy: policyOf("Allow", { AWS: ["*"] }) }, /every principal/],
      [
        {
          policy: JSON.stringify({
            Statement: {
              Effect: "Allow",
              NotPrincipal: { AWS: "arn:aws:iam::1:root" },
              Action: "s3:*",
            },
          }),
        },
        /every principal/,
      ],
      [{ policy: JSON.parse(policyOf("Allow", "*")) }, /every principal/],
    ],
  },
  {
    rule: noPublicBucket,
    type: "gcp:storage/bucket:Bucket",
    good: {
      publicAccessPrevention: "enforced",
      uniformBucketLevelAccess: true,
    },
    bad: [
      [{ publicAccessPrevention: "inherited" }, /^publicAccessPrevention/],
      [{ uniformBucketLevelAccess: undefined }, /^uniformBucketLevelAccess/],
    ],
  },
  {
    rule: noPublicBucket,
    type: "gcp:storage/bucketIAMMember:BucketIAMMember",
    good: { member: "serviceAccount:a@b" },
    bad: [[{ member: "allUsers" }, /allUsers/]],
  },
  {
    rule: noPublicBucket,
    type: "gcp:storage/bucketIAMBinding:BucketIAMBinding",
    good: { members: ["user:a@b"] },
    bad: [[{ members: ["allAuthenticatedUsers"] }, /allAuthenticatedUsers/]],
  },
  {
    rule: noPublicBucket,
    type: "gcp:storage/bucketIAMPolicy:BucketIAMPolicy",
    good: { policyData: policyData("roles/storage.objectUser", "user:a@b") },
    bad: [
      [
        { policyData: policyData("roles/storage.objectUser", "allUsers") },
        /allUsers/,
      ],
    ],
  },
  {
    rule: noPublicBucket,
    type: "azure-native:storage/v20240101:StorageAccount",
    good: { allowBlobPublicAccess: false },
    bad: [[{ allowBlobPublicAccess: undefined }, /^allowBlobPublicAccess/]],
  },
  {
    rule: noPublicBucket,
    type: "azure-native:storage:BlobContainer",
    good: { publicAccess: "None" },
    bad: [[{ publicAccess: "Blob" }, /^publicAccess/]],
  },
  {
    rule: apiAllowList,
    type: "aws:eks/cluster:Cluster",
    good: { vpcConfig: { publicAccessCidrs: ["203.0.113.0/24"] } },
    bad: [
      [{ vpcConfig: {} }, /open to all/],
      [{ vpcConfig: { endpointPublicAccess: true } }, /open to all/],
      [{ vpcConfig: { publicAccessCidrs: ["0.0.0.0/0"] } }, /0\.0\.0\.0\/0/],
      [
        { vpcConfig: { publicAccessCidrs: ["0.0.0.0/1", "128.0.0.0/1"] } },
        /128\.0\.0\.0\/1/,
      ],
      [{ vpcConfig: { publicAccessCidrs: ["8000::/1"] } }, /8000::\/1/],
    ],
  },
  {
    rule: apiAllowList,
    type: "gcp:container/cluster:Cluster",
    good: { privateClusterConfig: { enablePrivateEndpoint: true } },
    bad: [
      [{ privateClusterConfig: undefined }, /open to all/],
      [
        {
          privateClusterConfig: { enablePrivateNodes: true },
          masterAuthorizedNetworksConfig: {
            cidrBlocks: [{ cidrBlock: "0.0.0.0/0" }],
          },
        },
        /0\.0\.0\.0\/0/,
      ],
    ],
  },
  {
    rule: apiAllowList,
    type: "azure-native:containerservice:ManagedCluster",
    good: { apiServerAccessProfile: { enablePrivateCluster: true } },
    bad: [
      [{ apiServerAccessProfile: undefined }, /open to all/],
      [{ apiServerAccessProfile: { authorizedIPRanges: ["::/0"] } }, /::\/0/],
    ],
  },
  {
    rule: noStaticKeys,
    type: "pulumi:providers:aws",
    good: { region: "eu-central-1" },
    bad: [[{ secretKey: "x" }, /^secretKey/]],
  },
  {
    rule: noStaticKeys,
    type: "azure-native:storage:StorageAccount",
    good: { allowSharedKeyAccess: false },
    bad: [[{ allowSharedKeyAccess: true }, /^allowSharedKeyAccess/]],
  },
  {
    rule: noStaticKeys,
    type: "azure-native:containerservice:ManagedCluster",
    good: { disableLocalAccounts: true },
    bad: [[{ disableLocalAccounts: false }, /^disableLocalAccounts/]],
  },
  {
    rule: noStaticKeys,
    type: "azure-native:containerregistry:Registry",
    good: { adminUserEnabled: false },
    bad: [[{ adminUserEnabled: true }, /^adminUserEnabled/]],
  },
  {
    rule: noStaticKeys,
    type: "gcp:container/cluster:Cluster",
    good: {},
    bad: [
      [
        {
          masterAuth: {
            clientCertificateConfig: { issueClientCertificate: true },
          },
        },
        /^masterAuth/,
      ],
    ],
  },
  {
    rule: noStaticKeys,
    type: deployment,
    good: pod({}),
    bad: [
      [
        pod({}, { env: [{ name: "AWS_SECRET_ACCESS_KEY", value: "abc" }] }),
        /containers\[0\]\.env\[0\]\.value/,
      ],
    ],
  },
  {
    rule: noStaticKeys,
    type: sparkApplication,
    good: { spec: { hadoopConf: { "fs.s3a.endpoint": "http://store" } } },
    bad: [
      [
        { spec: { hadoopConf: { "fs.s3a.secret.key": "x" } } },
        /fs\.s3a\.secret\.key/,
      ],
      [
        { spec: { sparkConf: { "spark.hadoop.fs.s3a.access.key": "x" } } },
        /sparkConf/,
      ],
    ],
  },
  {
    rule: noStaticKeys,
    type: "kubernetes:sparkoperator.k8s.io/v1beta2:ScheduledSparkApplication",
    good: { spec: { template: { hadoopConf: {} } } },
    bad: [
      [
        { spec: { template: { hadoopConf: { "fs.s3a.secret.key": "x" } } } },
        /^spec\.template\.hadoopConf\["fs\.s3a\.secret\.key"\]/,
      ],
    ],
  },
  {
    rule: noPrivilegedPod,
    type: deployment,
    good: pod({ volumes: [{ name: "tmp", emptyDir: {} }] }),
    bad: [
      [pod({ hostNetwork: true }), /hostNetwork/],
      [pod({ volumes: [{ hostPath: { path: "/" } }] }), /hostPath/],
      [
        {
          ...pod({}, { securityContext: { privileged: true } }),
          metadata: { namespace: "kube-system" },
        },
        /privileged/,
      ],
      [
        pod({
          ephemeralContainers: [{ securityContext: { privileged: true } }],
        }),
        /ephemeralContainers\[0\]/,
      ],
      [pod({}, { ports: [{ containerPort: 1, hostPort: 80 }] }), /hostPort/],
      ...["DAC_READ_SEARCH", "BPF", "NET_ADMIN", "ALL"].map(
        (add) =>
          [
            pod({}, { securityContext: { capabilities: { add: [add] } } }),
            new RegExp(`capabilities\\.add: ${add}`),
          ] as const,
      ),
      [pod({}, { securityContext: { privileged: true } }), /privileged/],
      [
        pod(
          {},
          { securityContext: { capabilities: { add: ["CAP_SYS_ADMIN"] } } },
        ),
        /CAP_SYS_ADMIN/,
      ],
      [
        pod({
          initContainers: [{ securityContext: { privileged: true } }],
        }),
        /initContainers\[0\]/,
      ],
    ],
  },
  {
    rule: noPrivilegedPod,
    type: "kubernetes:core/v1:Namespace",
    good: {
      metadata: {
        name: "ml",
        labels: { "pod-security.kubernetes.io/enforce": "restricted" },
      },
    },
    bad: [
      [{ metadata: { name: "ml" } }, /pod-security/],
      [
        {
          metadata: {
            name: "ml",
            labels: { "pod-security.kubernetes.io/enforce": "privileged" },
          },
        },
        /pod-security/,
      ],
    ],
  },
  {
    rule: noPrivilegedPod,
    type: "kubernetes:helm.sh/v3:Release",
    good: { values: { agent: { hostNetwork: false, volumes: [{}] } } },
    bad: [
      [{ values: { agent: { hostNetwork: true } } }, /values\.agent\.hostNet/],
      [
        { values: { agents: [{ securityContext: { privileged: true } }] } },
        /values\.agents\[0\]\.securityContext\.privileged/,
      ],
      [{ values: { volumes: [{ hostPath: { path: "/" } }] } }, /hostPath/],
    ],
  },
  {
    rule: noPublicService,
    type: "kubernetes:core/v1:Service",
    good: {
      spec: {
        type: "LoadBalancer",
        loadBalancerSourceRanges: ["203.0.113.0/24"],
      },
    },
    bad: [
      [{ spec: { type: "LoadBalancer" } }, /loadBalancerSourceRanges: open/],
      [
        {
          spec: {
            type: "LoadBalancer",
            loadBalancerSourceRanges: ["0.0.0.0/0"],
          },
        },
        /0\.0\.0\.0\/0/,
      ],
      [
        {
          metadata: {
            annotations: {
              "service.beta.kubernetes.io/aws-load-balancer-scheme":
                "internet-facing",
            },
          },
          spec: { type: "LoadBalancer" },
        },
        /open to all/,
      ],
    ],
  },
  {
    rule: noBroadRights,
    type: "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
    good: { subjects: [{ kind: "Group", name: "ml-platform" }] },
    bad: [
      [{ subjects: [{ name: "system:authenticated" }] }, /authenticated/],
      [{ subjects: [{ name: "system:serviceaccounts" }] }, /serviceaccounts/],
    ],
  },
  {
    rule: noBroadRights,
    type: "aws:iam/rolePolicy:RolePolicy",
    good: { policy: rightsOf("s3:GetObject", "arn:aws:s3:::raw/*") },
    bad: [
      [{ policy: rightsOf("*", "*") }, /every action/],
      [{ policy: rightsOf(["s3:*", "*:*"], ["*"]) }, /every action/],
      [{ policy: JSON.parse(rightsOf("*", "*")) }, /every action/],
    ],
  },
  {
    rule: noBroadRights,
    type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    good: { policyArn: "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy" },
    bad: [
      [
        { policyArn: "arn:aws:iam::aws:policy/AdministratorAccess" },
        /AdministratorAccess/,
      ],
    ],
  },
  {
    rule: noBroadRights,
    type: "aws:iam/role:Role",
    good: { assumeRolePolicy: policyOf("Allow", { Service: "ec2" }) },
    bad: [
      [{ assumeRolePolicy: policyOf("Allow", "*") }, /trusts every/],
      [{ assumeRolePolicy: policyOf("Allow", { AWS: "*" }) }, /trusts every/],
      [{ inlinePolicies: [{ policy: rightsOf("*", "*") }] }, /every action/],
    ],
  },
  {
    rule: noBroadRights,
    type: "gcp:projects/iAMMember:IAMMember",
    good: { role: "roles/container.viewer", member: "user:a@b" },
    bad: [
      [{ role: "roles/owner" }, /roles\/owner/],
      [{ member: "allAuthenticatedUsers" }, /allAuthenticatedUsers/],
    ],
  },
  {
    rule: noBroadRights,
    type: "azure-native:authorization:RoleAssignment",
    good: {
      roleDefinitionId:
        "/subscriptions/1/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    },
    bad: [
      [
        {
          roleDefinitionId:
            "/subscriptions/1/providers/Microsoft.Authorization/roleDefinitions/8E3AF657-A8FF-443C-A75C-2FE8C4BCB635",
        },
        /every right/,
      ],
    ],
  },
  {
    rule: boundedPools,
    type: "mlstack:index:NodeGroupSize",
    good: { min: 0, max: 20 },
    bad: [[{ max: 100_000 }, /^max: 100000/]],
  },
  {
    rule: boundedPools,
    type: "aws:eks/nodeGroup:NodeGroup",
    good: { scalingConfig: { minSize: 0, maxSize: 20 } },
    bad: [
      [{ scalingConfig: { minSize: 0 } }, /maxSize/],
      [{ scalingConfig: { maxSize: 100_000 } }, /100000/],
    ],
  },
  {
    rule: boundedPools,
    type: "gcp:container/nodePool:NodePool",
    good: { autoscaling: { totalMaxNodeCount: 20 } },
    bad: [
      [{ autoscaling: {} }, /totalMaxNodeCount/],
      [{ autoscaling: undefined }, /nodeCount/],
    ],
  },
  {
    rule: boundedPools,
    type: "azure-native:containerservice:AgentPool",
    good: { enableAutoScaling: true, maxCount: 20 },
    bad: [[{ maxCount: undefined }, /^maxCount/]],
  },
  {
    rule: boundedPools,
    type: "azure-native:containerservice:ManagedCluster",
    good: { agentPoolProfiles: [{ count: 3 }] },
    bad: [
      [
        { agentPoolProfiles: [{ count: 3 }, { enableAutoScaling: true }] },
        /^agentPoolProfiles\[1\]\.maxCount/,
      ],
    ],
  },
  {
    rule: boundedPools,
    type: "mlstack:index:LocalCluster",
    good: { pools: [{ name: "cpu", count: 1 }] },
    bad: [[{ pools: [{ name: "cpu" }] }, /^pools\[0\]\.count/]],
  },
  {
    rule: requestsAndLimits,
    type: deployment,
    good: pod({}),
    bad: [
      [pod({}, { resources: undefined }), /requests\.cpu/],
      [
        pod({}, { resources: { requests: container.resources.requests } }),
        /limits\.memory/,
      ],
      [pod({ initContainers: [{ name: "init" }] }), /initContainers\[0\]/],
    ],
  },
  {
    rule: requestsAndLimits,
    type: sparkApplication,
    good: {
      spec: {
        driver: { cores: 1, memory: "1g" },
        executor: { cores: 1, memory: "1g" },
      },
    },
    bad: [
      [
        {
          spec: { driver: { cores: 1, memory: "1g" }, executor: { cores: 1 } },
        },
        /^spec\.executor\.memory/,
      ],
    ],
  },
  {
    rule: requestsAndLimits,
    type: "kubernetes:sparkoperator.k8s.io/v1beta2:ScheduledSparkApplication",
    good: {
      spec: {
        template: {
          driver: {
            cores: 1,
            memory: "1g",
            // The operator makes the requests, from what stands beside.
            template: { spec: { containers: [{ name: "driver" }] } },
          },
          executor: { cores: 1, memory: "1g" },
        },
      },
    },
    bad: [
      [
        {
          spec: {
            template: { driver: { cores: 1 }, executor: { cores: 1 } },
          },
        },
        /^spec\.template\.driver\.memory/,
      ],
    ],
  },
  {
    rule: tagged,
    type: "aws:ec2/vpc:Vpc",
    good: tags,
    bad: [
      [{ tags: undefined }, /^tags\.stack/],
      [{ tags: { stack: "aws" } }, /^tags\.owner/],
      [{ tags: { ...stackTags, stack: "" } }, /^tags\.stack/],
    ],
  },
  {
    rule: tagged,
    type: "gcp:container/cluster:Cluster",
    good: { resourceLabels: stackTags },
    bad: [[{ resourceLabels: {} }, /^labels\.stack/]],
  },
  {
    rule: tagged,
    type: "azure-native:containerservice:ManagedCluster",
    good: tags,
    bad: [[{ tags: {} }, /^tags\.stack/]],
  },
  {
    rule: tagged,
    type: "aws:ec2/launchTemplate:LaunchTemplate",
    good: {
      ...tags,
      tagSpecifications: ["instance", "volume"].map((resourceType) => ({
        resourceType,
        tags: stackTags,
      })),
    },
    bad: [
      [
        {
          tagSpecifications: [{ resourceType: "instance", tags: stackTags }],
        },
        /volume/,
      ],
    ],
  },
];

function policyOf(effect: string, principal: unknown): string {
  return JSON.stringify({
    Statement: [{ Effect: effect, Principal: principal, Action: "s3:*" }],
  });
}

function rightsOf(action: unknown, resource: unknown): string {
  return JSON.stringify({
    Statement: [{ Effect: "Allow", Action: action, Resource: resource }],
  });
}

function policyData(role: string, member: string): string {
  return JSON.stringify({ bindings: [{ role, members: [member] }] });
}

function said(rule: Rule, resource: PolicyResource): string[] {
  return violations([rule], [resource]).map(({ message }) => message);
}

describe("policy", () => {
  for (const { rule, type, good, bad } of cases) {
    describe(`${rule.name}: ${type}`, () => {
      it("passes what is right", () => {
        assert.deepEqual(said(rule, { type, name: "x", props: good }), []);
      });
      for (const [change, message] of bad) {
        it(`names ${message.source}`, () => {
          const props = { ...good, ...change };
          const messages = said(rule, { type, name: "x", props });
          assert.ok(
            messages.some((one) => message.test(one)),
            messages.join("\n") || "nothing",
          );
        });
      }
    });
  }

  it("has a case for every rule", () => {
    const covered = new Set(cases.map(({ rule }) => rule));
    assert.deepEqual(
      rules.filter((rule) => !covered.has(rule)),
      [],
    );
  });

  it("knows static keys by their type", () => {
    for (const type of [
      "aws:iam/accessKey:AccessKey",
      "gcp:serviceaccount/key:Key",
      "gcp:storage/hmacKey:HmacKey",
    ]) {
      const resource = { type, name: "key", props: {} };
      assert.equal(said(noStaticKeys, resource).length, 1);
    }
  });

  it("wants the access block of a bucket on S3 beside it", () => {
    const bucket = {
      type: "aws:s3/bucket:Bucket",
      name: "raw",
      props: {},
      parent: "urn:raw",
    };
    const [block] = cases;
    assert.ok(block);
    const beside = { ...bucket, type: block.type, props: block.good };
    assert.equal(said(noPublicBucket, bucket).length, 1);
    assert.deepEqual(violations([noPublicBucket], [bucket, beside]), []);
    const elsewhere = { ...beside, parent: "urn:models" };
    assert.equal(violations([noPublicBucket], [bucket, elsewhere]).length, 1);
    const named = { ...bucket, props: { bucket: "raw-1" } };
    const another = { ...beside, props: { ...block.good, bucket: "models-1" } };
    assert.equal(violations([noPublicBucket], [named, another]).length, 1);
    const its = { ...another, props: { ...block.good, bucket: "raw-1" } };
    assert.deepEqual(violations([noPublicBucket], [named, its]), []);
  });

  it("takes a provider's tags for those of what it makes", () => {
    const vpc = { type: "aws:ec2/vpc:Vpc", name: "vpc", props: {} };
    for (const defaultTags of [tags, JSON.stringify(tags)]) {
      assert.deepEqual(said(tagged, { ...vpc, provider: { defaultTags } }), []);
    }
    const network = { ...vpc, type: "gcp:compute/network:Network" };
    const provider = { defaultLabels: stackTags };
    assert.deepEqual(said(tagged, { ...network, provider }), []);
  });

  it("lets what enforces network policies reach its host, and nothing else", () => {
    const driver = {
      type: "kubernetes:apps/v1:DaemonSet",
      name: "local-network-policies",
      props: {
        ...pod({ hostNetwork: true }),
        metadata: { namespace: "kube-system" },
      },
    };
    assert.deepEqual(said(noPrivilegedPod, driver), []);
    for (const other of [
      { name: "driver" },
      { type: deployment },
      { props: pod({ hostNetwork: true }) },
    ]) {
      const messages = said(noPrivilegedPod, { ...driver, ...other });
      assert.match(messages.join(), /hostNetwork/);
    }
  });

  it("finds the pods of any kind", () => {
    const spec = { containers: [{ name: "trainer" }] };
    const job = {
      type: "kubernetes:kubeflow.org/v1:PyTorchJob",
      name: "train",
      props: {
        spec: { pytorchReplicaSpecs: { Worker: { template: { spec } } } },
      },
    };
    assert.match(
      said(requestsAndLimits, job)[0] ?? "",
      /^spec\.pytorchReplicaSpecs\.Worker\.template\.spec\.containers\[0\]/,
    );
  });

  it("says nothing of what it does not know", () => {
    const other = { type: "random:index:Id", name: "x", props: {} };
    assert.deepEqual(violations(rules, [other]), []);
  });
});
