import { z } from "zod";

import { differentClusters } from "./cluster-identity";
import type { ResourceKind } from "./resource";
import {
  type Account,
  accountDrift,
  ensureAccount,
  hasAccount,
  type KeyPair,
  removeAccount,
} from "./store-accounts";
import {
  type Administration,
  administration,
  probeStore,
  withStore,
} from "./store-client";

type Inputs = Administration & Account;
type Outs = Inputs & KeyPair;

/** An account of the embedded store: one key pair, and exactly the grants named. */
export const embeddedAccount: ResourceKind<Inputs, Outs> = {
  type: "mlstack:index:EmbeddedAccount",
  schema: z.strictObject({
    ...administration,
    account: z
      .string()
      .regex(
        /^[\w+=,.@-]{1,64}$/,
        "use 1 to 64 letters, digits and characters of +=,.@_-",
      ),
    grants: z.array(
      z.strictObject({
        bucket: z.string(),
        access: z.enum(["read", "write"]),
      }),
    ),
  }),
  secretOutputs: ["secretAccessKey"],
  kept: ["accessKeyId", "secretAccessKey"],
  limitSeconds: () => 180,
  async diff(_id, outs, olds, news) {
    const replaced = differentClusters(olds.kubeconfig, news.kubeconfig);
    return {
      update: ["kubeconfig", "rootSecretKey", "grants"],
      replace: ["account", ...(replaced ? ["kubeconfig"] : [])],
      drifted: replaced
        ? []
        : await probeStore(outs, [], (store) => accountDrift(store, outs)),
    };
  },
  async create(inputs, { signal }) {
    const pair = await withStore(inputs, signal, (store) =>
      ensureAccount(store, inputs),
    );
    return { id: inputs.account, outs: { ...inputs, ...pair } };
  },
  async update(_id, outs, news, { signal }) {
    const pair = await withStore(news, signal, (store) =>
      ensureAccount(store, news, outs),
    );
    const { accessKeyId, secretAccessKey } = pair;
    return { outs: { ...news, accessKeyId, secretAccessKey } };
  },
  async read(_id, outs, { signal }) {
    const found = await withStore(outs, signal, (store) =>
      hasAccount(store, outs.account),
    );
    return found ? { outs } : undefined;
  },
  async delete(_id, outs, { signal }) {
    await withStore(outs, signal, (store) =>
      removeAccount(store, outs.account),
    );
  },
};
