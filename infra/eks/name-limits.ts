import { derived, given, type NameLimit } from "../names/name-limits";

const iamQuotas =
  "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html";

/** Names of AWS that a name space limits, or that something else derives names from. */
export const nameLimits = {
  Role: derived("aws:iam/role:Role", 64, iamQuotas),
  RolePolicy: derived("aws:iam/rolePolicy:RolePolicy", 128, iamQuotas),
  NodeGroup: derived(
    "aws:eks/nodeGroup:NodeGroup",
    63,
    "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html",
  ),
  LaunchTemplate: derived(
    "aws:ec2/launchTemplate:LaunchTemplate",
    128,
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html",
  ),
  Cluster: given(
    "aws:eks/cluster:Cluster",
    "name",
    100,
    "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html",
  ),
  Repository: given(
    "aws:ecr/repository:Repository",
    "name",
    256,
    "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html",
  ),
  Bucket: given(
    "aws:s3/bucket:Bucket",
    "bucket",
    63,
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
  ),
} as const satisfies Readonly<Record<string, NameLimit>>;
