type Properties = Readonly<Record<string, unknown>>;

/** An account, project and subscription of nobody. */
export const account = "123456789012";
export const project = "mlstack-test";
export const subscription = "00000000-0000-4000-8000-000000000001";

const byType: Readonly<
  Record<string, (inputs: Properties, name: string) => Properties>
> = {
  "aws:eks/cluster:Cluster": ({ name }) => ({
    endpoint: `https://${text(name)}.eks.example`,
    certificateAuthority: { data: "Q0E=" },
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
};

/** What the clouds add to the inputs of a resource: as much of it as the targets read. */
export function cloudOutputs(
  type: string,
  inputs: Properties,
  name: string,
): Properties {
  return byType[type]?.(inputs, name) ?? {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
