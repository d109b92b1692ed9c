import { z } from "zod";

import { differentClusters } from "./cluster-identity";
import type { ResourceKind } from "./resource";
import {
  bucketDrift,
  ensureBucket,
  hasBucket,
  removeBucket,
  type StoreBucket,
} from "./store-buckets";
import {
  type Administration,
  administration,
  probeStore,
  withStore,
} from "./store-client";

type Inputs = Administration & StoreBucket;

/** A bucket of the embedded store. */
export const embeddedBucket: ResourceKind<Inputs, Inputs> = {
  type: "mlstack:index:EmbeddedBucket",
  schema: z.strictObject({
    ...administration,
    bucket: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        "use 3 to 63 lower-case letters, digits, dots and hyphens",
      ),
    versioned: z.boolean(),
    expireNoncurrentDays: z.number().int().min(1),
    forceDestroy: z.boolean(),
  }),
  // A deletion may take many objects along.
  limitSeconds: ({ forceDestroy }) => (forceDestroy ? 3600 : 180),
  async diff(_id, outs, olds, news) {
    const replaced = differentClusters(olds.kubeconfig, news.kubeconfig);
    return {
      update: [
        "kubeconfig",
        "rootSecretKey",
        "versioned",
        "expireNoncurrentDays",
        "forceDestroy",
      ],
      replace: ["bucket", ...(replaced ? ["kubeconfig"] : [])],
      drifted: replaced
        ? []
        : await probeStore(outs, [], (store) => bucketDrift(store, outs)),
    };
  },
  async create(inputs, { signal }) {
    await withStore(inputs, signal, (store) => ensureBucket(store, inputs));
    return { id: inputs.bucket, outs: inputs };
  },
  async update(_id, _outs, news, { signal }) {
    await withStore(news, signal, (store) => ensureBucket(store, news));
    return { outs: news };
  },
  async read(_id, outs, { signal }) {
    const found = await withStore(outs, signal, (store) =>
      hasBucket(store, outs.bucket),
    );
    return found ? { outs } : undefined;
  },
  async delete(_id, outs, { signal }) {
    await withStore(outs, signal, (store) => removeBucket(store, outs));
  },
};
