import { z } from "zod";

import { checkOverlaps, cidr } from "../cidr";

/** Name of a cluster or a pool. */
export const nameSchema = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, {
    error:
      "write at most 32 lower-case letters, digits and dashes, a letter first",
  });

const folderSchema = z
  .string()
  .startsWith("/", { error: "write an absolute path" })
  .refine((path) => !/\s/.test(path), {
    error: "choose a path without spaces",
  });

/** Where the cluster is and which addresses it takes, as far as a stack may choose. */
export const placeFields = {
  /** Folder below which the cluster keeps everything that it has. */
  dataDir: folderSchema.default("/var/lib/mlstack"),
  /** Addresses of the machines: the control plane has the first, the host the last. */
  subnet: cidr(16, 24).default("10.89.0.0/24"),
  /** Addresses of the pods; each node takes 256. */
  podCidr: cidr(12, 22).default("10.244.0.0/16"),
  /** Addresses of the services. */
  serviceCidr: cidr(12, 24).default("10.96.0.0/16"),
  /** Port of the API server. */
  apiPort: z.int().min(1024).max(65535).default(6443),
};

/** Ranges of a local cluster that share addresses. */
export function checkRanges(
  ranges: {
    readonly subnet: string;
    readonly podCidr: string;
    readonly serviceCidr: string;
  },
  prefix: string,
) {
  return checkOverlaps(
    (["subnet", "podCidr", "serviceCidr"] as const).map((key) => ({
      path: `${prefix}${key}`,
      value: ranges[key],
    })),
  );
}

const poolSchema = z.strictObject({
  name: nameSchema,
  /** Nodes. */
  count: z.int().min(1).max(16),
  /** Accelerators that each node advertises, without there being any. */
  gpus: z.int().min(0).max(16).default(0),
});

/** Inputs of a local cluster. */
export const clusterSchema = z.strictObject({
  /** Names the folder, and the context in the kubeconfig. */
  name: nameSchema,
  ...placeFields,
  pools: z
    .array(poolSchema)
    .min(1)
    .refine(
      (pools) => new Set(pools.map(({ name }) => name)).size === pools.length,
      {
        error: "give each pool a name of its own",
      },
    ),
  /** Folder of a registry's file-system driver, from which the nodes pull every image. */
  registryStorage: folderSchema,
});

/** Inputs of a local cluster, complete. */
export type ClusterInputs = z.output<typeof clusterSchema>;

/** A group of equal nodes. */
export type ClusterPool = z.output<typeof poolSchema>;
