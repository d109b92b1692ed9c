import { z } from "zod";

import { differentClusters } from "./cluster-identity";
import {
  administration,
  callGarage,
  GarageError,
  type Administration,
} from "./garage-admin";
import type { ResourceKind } from "./resource";

interface Inputs extends Administration {
  readonly bucket: string;
}

const bucketInfo = z.object({ id: z.string(), objects: z.number() });

/** A bucket of the in-cluster object store. */
export const storeBucket: ResourceKind<Inputs, Inputs> = {
  type: "mlstack:index:StoreBucket",
  schema: z.strictObject({
    ...administration,
    bucket: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        "use 3 to 63 lower-case letters, digits, dots and hyphens",
      ),
  }),
  diff: (_id, _outs, olds, news) => ({
    update: ["kubeconfig", "pod"],
    replace: [
      "namespace",
      "bucket",
      ...(differentClusters(olds.kubeconfig, news.kubeconfig)
        ? ["kubeconfig"]
        : []),
    ],
  }),
  async create(inputs) {
    const alias = { globalAlias: inputs.bucket };
    try {
      const { id } = await callGarage(
        inputs,
        "CreateBucket",
        alias,
        bucketInfo,
      );
      return { id, outs: inputs };
    } catch (error) {
      if (!(error instanceof GarageError && error.exists)) throw error;
      // The store is the stack's own: a killed run made the bucket and could not note it.
      const { id } = await callGarage(
        inputs,
        "GetBucketInfo",
        alias,
        bucketInfo,
      );
      return { id, outs: inputs };
    }
  },
  update: async (_id, _outs, news) => ({ outs: news }),
  async read(id, outs) {
    const found = await find(id, outs);
    return found === undefined ? undefined : { outs };
  },
  async delete(id, outs) {
    const found = await find(id, outs);
    if (found === undefined) return;
    if (found.objects > 0) {
      throw new Error(
        `bucket ${outs.bucket}: ${found.objects} objects: empty it, or take down the whole stack`,
      );
    }
    await callGarage(outs, "DeleteBucket", { id }, z.unknown());
  },
};

async function find(id: string, outs: Inputs) {
  try {
    return await callGarage(outs, "GetBucketInfo", { id }, bucketInfo);
  } catch (error) {
    if (error instanceof GarageError && error.missing) return undefined;
    throw error;
  }
}
