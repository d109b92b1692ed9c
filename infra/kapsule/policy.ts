import {
  at,
  clusterHolds,
  list,
  openRanges,
  type PolicyFacts,
} from "../policy-facts";
import { namesEveryone, publicAcl, statements } from "../s3-access";

/** Scaleway's facts for the policy rules. */
export const policy: PolicyFacts = {
  publicBuckets: {
    "scaleway:object/bucket:Bucket": publicAcl,
    "scaleway:object/bucketAcl:BucketAcl": publicAcl,
    "scaleway:object/bucketPolicy:BucketPolicy": ({ props }) =>
      statements(props["policy"]).some(namesEveryone)
        ? ["policy: allows every principal; name those who may"]
        : [],
    "scaleway:registry/namespace:Namespace": ({ props }) =>
      props["isPublic"] === true ? ["isPublic: set it to false"] : [],
  },
  openApis: {
    "scaleway:kubernetes/acl:Acl": ({ props }) => {
      if (props["noIpAllowed"] === true) return [];
      const rules = list(props["aclRules"]);
      return [
        ...openRanges(
          "aclRules",
          rules.map((rule) => at(rule, "ip") ?? "a range of Scaleway's"),
        ),
        ...rules.flatMap((rule, index) =>
          at(rule, "scalewayRanges") === true
            ? [
                `aclRules[${index}].scalewayRanges: lets in everybody else's machines there; name the ranges of your own networks`,
              ]
            : [],
        ),
      ];
    },
  },
  boundedPools: {
    "scaleway:kubernetes/pool:Pool": ({ props }) => {
      const key = props["autoscaling"] === true ? "maxSize" : "size";
      return [{ path: key, most: props[key] }];
    },
  },
  providerKeys: { "pulumi:providers:scaleway": ["accessKey", "secretKey"] },
  staticKeys: {
    // Scaleway knows keys alone, so workloads have one each, of an application; a person's may do what the person may.
    "scaleway:iam/apiKey:ApiKey": ({ props }) =>
      props["userId"] === undefined
        ? []
        : ["userId: a key of a person; make one of an application"],
  },
  holdings: [
    [/^scaleway:object\/bucket:Bucket$/, "its objects"],
    [/^scaleway:block\/volume:Volume$/, "its files"],
    [/^scaleway:(databases|mongodb|redis)\//, "its records"],
    [/^scaleway:registry\/namespace:Namespace$/, "its images"],
    [/^scaleway:keymanager\/key:Key$/, "everything encrypted with it"],
    [/^scaleway:kubernetes\/cluster:Cluster$/, clusterHolds],
  ],
  tags: {
    prefix: "scaleway:",
    own: ["tags"],
    untaggable: [
      /^scaleway:kubernetes\/acl:/,
      /^scaleway:iam\/apiKey:/,
      /^scaleway:network\/gatewayNetwork:/,
      /^scaleway:object\/bucket(Acl|Policy):/,
      /^scaleway:registry\/namespace:/,
    ],
  },
};
