import type { PolicyDocument } from "@pulumi/aws/iam";
import { Release } from "@pulumi/kubernetes/helm/v3";
import type { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

import { chartOfRelease } from "../charts/chart-source";
import { charts, clusterAutoscalerTag } from "../versions";
import { ServiceAccountRole, type TokenIssuer } from "./identity";

/** The cluster whose node groups are sized. */
export interface AutoscalerArgs {
  readonly clusterName: string;
  readonly region: string;
  readonly issuer: TokenIssuer;
  readonly cluster: Provider;
}

const serviceAccount = { namespace: "kube-system", name: "cluster-autoscaler" };

/** Sizes the node groups by what pods wait for, also from zero. */
export class ClusterAutoscaler extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: AutoscalerArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("mlstack:infra:ClusterAutoscaler", name, {}, opts);
    const role = new ServiceAccountRole(
      name,
      {
        issuer: args.issuer,
        serviceAccount,
        policy: scalingPolicy(args.clusterName),
      },
      { parent: this },
    );
    new Release(
      `${name}-release`,
      {
        name: serviceAccount.name,
        namespace: serviceAccount.namespace,
        ...chartOfRelease(charts.clusterAutoscaler),
        values: autoscalerValues(args, role.arn),
      },
      { parent: this, provider: args.cluster },
    );
    this.registerOutputs({});
  }
}

function autoscalerValues(
  { clusterName, region }: AutoscalerArgs,
  roleArn: pulumi.Output<string>,
) {
  return {
    fullnameOverride: serviceAccount.name,
    cloudProvider: "aws",
    awsRegion: region,
    // EKS puts the tags that this searches for on the scaling groups of its node groups.
    autoDiscovery: { clusterName },
    image: { tag: clusterAutoscalerTag },
    rbac: {
      serviceAccount: {
        name: serviceAccount.name,
        annotations: { "eks.amazonaws.com/role-arn": roleArn },
      },
    },
    resources: {
      requests: { cpu: "100m", memory: "300Mi" },
      limits: { memory: "600Mi" },
    },
    extraArgs: {
      "balance-similar-node-groups": true,
      expander: "least-waste",
      "skip-nodes-with-system-pods": false,
      // emptyDir volumes hold no lasting data; a pod that must not be evicted carries the safe-to-evict annotation.
      "skip-nodes-with-local-storage": false,
      // An unused node is billed until it is removed.
      "scale-down-unneeded-time": "2m",
      "scale-down-delay-after-add": "2m",
    },
  };
}

/** Reading is for all; changing only for the scaling groups of this cluster. */
function scalingPolicy(clusterName: string): PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: [
          "autoscaling:DescribeAutoScalingGroups",
          "autoscaling:DescribeAutoScalingInstances",
          "autoscaling:DescribeLaunchConfigurations",
          "autoscaling:DescribeScalingActivities",
          "autoscaling:DescribeTags",
          "ec2:DescribeImages",
          "ec2:DescribeInstanceTypes",
          "ec2:DescribeLaunchTemplateVersions",
          "ec2:GetInstanceTypesFromInstanceRequirements",
          // Labels and taints of a group without nodes.
          "eks:DescribeNodegroup",
        ],
        Resource: "*",
      },
      {
        Effect: "Allow",
        Action: [
          "autoscaling:SetDesiredCapacity",
          "autoscaling:TerminateInstanceInAutoScalingGroup",
        ],
        Resource: "*",
        Condition: {
          StringEquals: {
            [`aws:ResourceTag/k8s.io/cluster-autoscaler/${clusterName}`]:
              "owned",
          },
        },
      },
    ],
  };
}
