import { ec2, largerWithSameGpus } from "./rules";

/** Generations that stand in for each other, newest first: equal processors and memory in every size of `sharedSizes`. */
const generations = ["7i", "7a", "6i", "6a", "5a"] as const;

const sharedSizes = [
  "large",
  "xlarge",
  "2xlarge",
  "4xlarge",
  "8xlarge",
  "12xlarge",
  "16xlarge",
];

/**
 * By region, the interchangeable families that it does not offer. EKS refuses a group of nodes for one type that
 * its region does not have. Taken from AWS' price lists as cfn-lint 1.58.0 has them; `npm run test:clouds` compares
 * the two.
 */
const missing: Readonly<Record<string, string>> = {
  "us-west-1": "m7a r7a",
  "ca-central-1": "m7a c7a r7a",
  "ca-west-1": "m7i m7a m6a m5a c7a c6a c5a r7i r7a r6a r5a",
  "mx-central-1": "m7a m6a m5a c7a c6a c5a r7a r6a r5a",
  "sa-east-1": "m7a c7a r7a r6a",
  "eu-central-2": "m7a m6a m5a c7a c6i c6a c5a r7i r7a r6a r5a",
  "eu-north-1": "m6a m5a c6a r6a r5a",
  "eu-south-1": "m7a c7a c6a r7a r6a",
  "eu-south-2": "m6i m6a m5a c6i c6a c5a r6i r6a r5a",
  "eu-west-2": "r7a",
  "eu-west-3": "m7a c7a c6a r7a r6a",
  "il-central-1": "m7a m6a m5a c7a c6a c5a r7i r7a r6a r5a",
  "ap-east-1": "m7a m6a m5a c7a r7i r7a r6a r5a",
  "ap-east-2": "m7a m6a m5a c7a c6a c5a r7a r6a r5a",
  "ap-northeast-2": "m7a m6a c7a c6a r7a r6a",
  "ap-northeast-3": "m7a m6a m5a c7a c6a c5a r7a r6a r5a",
  "ap-south-1": "m7a c7a r7a",
  "ap-south-2": "m7a m5a c7a c5a r5a",
  "ap-southeast-1": "m7a r7a",
  "ap-southeast-2": "c7a r7a",
  "ap-southeast-3": "m7a m6a m5a c7a c6i c6a c5a r7a r6i r6a r5a",
  "ap-southeast-4": "m7a m6i m6a m5a c7a c6i c6a c5a r7a r6i r6a r5a",
  "ap-southeast-5": "m7a m6a m5a c7a c6a c5a r7a r6a r5a",
  "ap-southeast-6": "m7a m6a m5a c7a c6a c5a r7a r6a r5a",
  "ap-southeast-7": "m7a m6a m5a c7a c6a c5a r7a r6a r5a",
  "me-central-1": "m7a m6a m5a c7a c6i c6a c5a r7i r7a r6a r5a",
  "me-south-1": "m7i m7a m6a m5a c7i c7a c6a r7i r7a r6a r5a",
  "af-south-1": "m7a m6a m5a c7a c6a r7i r7a r6a r5a",
};

/**
 * Types that a spot pool takes, the wanted one first: with more types, it is less likely that none is available. The
 * cluster autoscaler reckons with the first, so the others must not be smaller.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
 */
export function spotTypes(type: string, region: string): readonly string[] {
  const gpus = ec2.machine(type)?.gpus ?? 0;
  const others = gpus > 0 ? largerWithSameGpus(type) : sameSize(type, region);
  return [type, ...others.filter((other) => other !== type)];
}

function sameSize(type: string, region: string): string[] {
  const [family = "", size = ""] = type.split(".");
  const kind = family.slice(0, 1);
  const alike = generations.map((generation) => kind + generation);
  if (!sharedSizes.includes(size) || !alike.includes(family)) return [];
  const lacking = (missing[region] ?? "").split(" ");
  return alike
    .filter((other) => !lacking.includes(other))
    .map((other) => `${other}.${size}`);
}
