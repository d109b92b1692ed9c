import { z } from "zod";

import { overlaps, parseSubnet } from "./subnet";

const range = (longest: number) =>
  z.string().refine(
    (text) => {
      const subnet = parseSubnet(text);
      return subnet !== undefined && subnet.prefix <= longest;
    },
    `write an IPv4 range with no bits behind its prefix and a prefix of at most ${longest}, such as 10.89.0.0/24`,
  );

const poolSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, "write lower-case letters, digits and dashes, at most 32"),
  count: z.int().min(1).max(16),
  /** Accelerators that each node advertises, without there being any. */
  gpus: z.int().min(0).max(16).default(0),
});

/** Where the cluster is and which addresses it takes, as far as a stack may choose. */
export const placeFields = {
  /** Names the folder, the links and the kubeconfig's entries. */
  name: z
    .string()
    .regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, "write lower-case letters, digits and dashes, at most 32"),
  /** Folder below which the cluster keeps everything that it has. */
  dataDir: z.string().startsWith("/", "write an absolute path").default("/var/lib/mlstack"),
  /** Addresses of the machines; the first is the control plane's, the last but one the host's. */
  subnet: range(24).default("10.89.0.0/24"),
  /** Addresses of the pods, of which each node takes 256. */
  podCidr: range(22).default("10.244.0.0/16"),
  /** Addresses of the services. */
  serviceCidr: range(24).default("10.96.0.0/16"),
  /** Port of the API server. */
  apiPort: z.int().min(1024).max(65535).default(6443),
};

/** Inputs of a local cluster. */
export const clusterSchema = z
  .strictObject({
    ...placeFields,
    pools: z.array(poolSchema).min(1),
    /** Folder of a registry's file-system driver, from which the nodes pull every image. */
    registryStorage: z.string().startsWith("/", "write an absolute path"),
  })
  .superRefine((inputs, context) => {
    const ranges = (["subnet", "podCidr", "serviceCidr"] as const).map((key) => ({
      key,
      subnet: parseSubnet(inputs[key]),
    }));
    ranges.forEach((one, index) => {
      const other = ranges
        .slice(0, index)
        .find(({ subnet }) => subnet && one.subnet && overlaps(subnet, one.subnet));
      if (other) {
        context.addIssue({ code: "custom", path: [one.key], message: `overlaps ${other.key}; choose another range` });
      }
    });
    const names = inputs.pools.map((pool) => pool.name);
    names.forEach((name, index) => {
      if (names.indexOf(name) !== index) {
        context.addIssue({ code: "custom", path: ["pools", index, "name"], message: "names an earlier pool; choose another" });
      }
    });
  });

/** Inputs of a local cluster, complete. */
export type ClusterInputs = z.output<typeof clusterSchema>;

/** A group of equal nodes. */
export type ClusterPool = z.output<typeof poolSchema>;
