import { z } from "zod";

import { checkOverlaps, cidr } from "../network/cidr";
import { isSystemFolder } from "../folders/system-folders";

/** Name of a cluster or a pool. */
export const nameSchema = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, {
    error:
      "write at most 32 lower-case letters, digits and dashes, a letter first",
  });

const folderSchema = z
  .string()
  // The path stands in scripts and in configuration files of several languages.
  .regex(/^(\/[A-Za-z0-9._@+-]+)+$/, {
    error:
      "write an absolute path of letters, digits and . _ @ + -, without a slash at its end",
    abort: true,
  })
  .refine((path) => !path.split("/").some((name) => /^\.\.?$/.test(name)), {
    error: "write the path without . and .. in it",
    abort: true,
  });

/** Folder for a cluster's data. */
export const dataFolderSchema = folderSchema.refine(
  (path) => !isSystemFolder(path),
  {
    error:
      "is a folder of the system; choose a folder of its own, such as /var/lib/mlstack",
  },
);

/** Configurable folder and addresses of the cluster. */
export const placeFields = {
  dataDir: dataFolderSchema
    .default("/var/lib/mlstack")
    .describe("Folder of all the cluster's data"),
  subnet: cidr(16, 24)
    .default("10.89.0.0/24")
    .describe(
      "Addresses of the machines: the control plane has the first, the host the last",
    ),
  podCidr: cidr(12, 22)
    .default("10.244.0.0/16")
    .describe("Addresses of the pods; each node takes 256"),
  serviceCidr: cidr(12, 24)
    .default("10.96.0.0/16")
    .describe("Addresses of the services"),
  apiPort: z
    .int()
    .min(1024)
    .max(65535)
    .default(6443)
    .describe("Port of the API server"),
};

/** Whether a cluster's pods reach what lies outside of this machine. */
export const internetSchema = z
  .boolean()
  .describe(
    "Whether pods reach the addresses that this machine reaches, as far as their team's `egress` allows; not on a machine without a default route",
  );

/** Name and place of a cluster: what every path, name and address of it is derived from. */
export const placeSchema = z.object({ name: nameSchema, ...placeFields });

/** Name and place of a cluster, complete. */
export type ClusterPlace = z.output<typeof placeSchema>;

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
  count: z.int().min(1).max(16).describe("Nodes"),
  gpus: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe("Simulated accelerators that each node advertises"),
});

const versionSchema = z.string().regex(/^\d+\.\d+\.\d+/, {
  error: "write a version such as 1.35.4",
});

/** Inputs of a local cluster. */
export const clusterSchema = z.strictObject({
  name: nameSchema.describe(
    "Names the folder, and the context in the kubeconfig",
  ),
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
  internet: internetSchema.default(false),
  registryStorage: folderSchema.describe(
    "Folder of a registry's file-system driver, from which the nodes pull every image",
  ),
  versions: z
    .strictObject({
      kubernetes: versionSchema,
      etcd: versionSchema,
      containerd: versionSchema,
      registry: versionSchema,
    })
    .describe(
      "Versions of the programs that the machines run; machines start anew, one after another, where one changes",
    ),
});

/** Inputs of a local cluster, complete. */
export type ClusterInputs = z.output<typeof clusterSchema>;

/** A group of equal nodes. */
export type ClusterPool = z.output<typeof poolSchema>;
