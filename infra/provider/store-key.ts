import { z } from "zod";

import { differentClusters } from "./cluster-identity";
import {
  administration,
  callGarage,
  GarageError,
  type Administration,
} from "./garage-admin";
import type { ResourceKind } from "./resource";

interface Grant {
  readonly bucket: string;
  readonly access: "read" | "write";
}

interface Inputs extends Administration {
  readonly tenant: string;
  readonly grants: readonly Grant[];
}

interface Outs extends Inputs {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const keyInfo = z.object({
  accessKeyId: z.string(),
  secretAccessKey: z.string().optional(),
  buckets: z.array(
    z.object({
      id: z.string(),
      globalAliases: z.array(z.string()),
      permissions: z.object({ read: z.boolean(), write: z.boolean() }),
    }),
  ),
});

/** A tenant's key pair in the in-cluster object store, with exactly the grants named. */
export const storeKey: ResourceKind<Inputs, Outs> = {
  type: "mlstack:index:StoreKey",
  schema: z.strictObject({
    ...administration,
    tenant: z.string().min(1),
    grants: z.array(
      z.strictObject({
        bucket: z.string(),
        access: z.enum(["read", "write"]),
      }),
    ),
  }),
  secretOutputs: ["secretAccessKey"],
  kept: ["accessKeyId", "secretAccessKey"],
  diff: (_id, _outs, olds, news) => ({
    update: ["kubeconfig", "pod", "grants"],
    replace: [
      "namespace",
      "tenant",
      ...(differentClusters(olds.kubeconfig, news.kubeconfig)
        ? ["kubeconfig"]
        : []),
    ],
  }),
  async create(inputs) {
    const key = await callGarage(
      inputs,
      "CreateKey",
      { name: inputs.tenant, neverExpires: true },
      keyInfo,
    );
    const { accessKeyId, secretAccessKey } = key;
    if (secretAccessKey === undefined) {
      throw new Error(
        "the object store made a key but did not show its secret",
      );
    }
    await setGrants(accessKeyId, inputs);
    return {
      id: accessKeyId,
      outs: { ...inputs, accessKeyId, secretAccessKey },
    };
  },
  async update(id, outs, news) {
    await setGrants(id, news);
    return { outs: { ...outs, ...news } };
  },
  async read(id, outs) {
    const key = await find(id, outs);
    if (key === undefined) return undefined;
    const grants = key.buckets.flatMap(({ globalAliases, permissions }) =>
      globalAliases.slice(0, 1).map((bucket): Grant => ({
        bucket,
        access: permissions.write ? "write" : "read",
      })),
    );
    return {
      outs: sameGrants(grants, outs.grants) ? outs : { ...outs, grants },
    };
  },
  async delete(id, outs) {
    if ((await find(id, outs)) === undefined) return;
    await callGarage(outs, "DeleteKey", { id }, z.unknown());
  },
};

/** Gives the key the grants named, and takes away every other. */
async function setGrants(accessKeyId: string, inputs: Inputs): Promise<void> {
  const key = await find(accessKeyId, inputs);
  const wanted = new Map(inputs.grants.map((grant) => [grant.bucket, grant]));
  for (const { id, globalAliases } of key?.buckets ?? []) {
    if (globalAliases.some((alias) => wanted.has(alias))) continue;
    await change("DenyBucketKey", id, {
      read: true,
      write: true,
      owner: true,
    });
  }
  for (const { bucket, access } of wanted.values()) {
    const { id } = await callGarage(
      inputs,
      "GetBucketInfo",
      { globalAlias: bucket },
      z.object({ id: z.string() }),
    );
    const write = access === "write";
    await change("AllowBucketKey", id, { read: true, write });
    if (!write) await change("DenyBucketKey", id, { write: true });
  }

  async function change(
    endpoint: "AllowBucketKey" | "DenyBucketKey",
    bucketId: string,
    permissions: object,
  ): Promise<void> {
    await callGarage(
      inputs,
      endpoint,
      { bucketId, accessKeyId, permissions },
      z.unknown(),
    );
  }
}

async function find(id: string, outs: Administration) {
  try {
    return await callGarage(outs, "GetKeyInfo", { id }, keyInfo);
  } catch (error) {
    if (error instanceof GarageError && error.missing) return undefined;
    throw error;
  }
}

function sameGrants(one: readonly Grant[], other: readonly Grant[]): boolean {
  const text = (grants: readonly Grant[]) =>
    grants
      .map(({ bucket, access }) => `${bucket}:${access}`)
      .sort()
      .join();
  return text(one) === text(other);
}
