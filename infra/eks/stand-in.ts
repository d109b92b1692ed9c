import { cluster } from "../supply/plugins/clouds/cluster";
import { type StandIn, text } from "../supply/plugins/clouds/stand-in";

/** An account of nobody. */
export const account = "123456789012";

/**
 * Outputs that AWS computes, and inputs that cannot be updated in place.
 *
 * @see https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html
 */
export const standIn: StandIn = {
  outputs: {
    "aws:eks/cluster:Cluster": () => ({
      endpoint: `https://${cluster().host}`,
      certificateAuthority: { data: cluster().certificateAuthority },
      identities: [{ oidcs: [{ issuer: "https://oidc.eks.example/id/1" }] }],
    }),
    "aws:s3/bucket:Bucket": ({ bucket }) => ({
      arn: `arn:aws:s3:::${text(bucket)}`,
    }),
    "aws:iam/role:Role": (_, name) => ({
      name,
      arn: `arn:aws:iam::${account}:role/${name}`,
    }),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": () => ({
      arn: `arn:aws:iam::${account}:oidc-provider/oidc.eks.example/id/1`,
    }),
    "aws:kms/key:Key": (_, name) => ({
      keyId: name,
      arn: `arn:aws:kms:eu-central-1:${account}:key/${name}`,
    }),
    "aws:ec2/launchTemplate:LaunchTemplate": () => ({ latestVersion: 1 }),
    "aws:eks/nodeGroup:NodeGroup": (_, name) => ({ nodeGroupName: name }),
  },
  calls: {},
  fixed: {
    "aws:eks/nodeGroup:NodeGroup": ["amiType", "capacityType", "instanceTypes"],
  },
  identity(type, name) {
    const [, module = "", kind = ""] = type.split(":");
    const service = module.split("/")[0] ?? "";
    return {
      arn: `arn:aws:${service}:eu-central-1:${account}:${kind.toLowerCase()}/${name}`,
    };
  },
};
