import { z } from "zod";

import type { ResourceKind } from "./resource";

// Loaded when there is something to do: a preview only compares.
const signIn = () =>
  require("../aks/sign-in") as typeof import("../aks/sign-in");

const schema = z.strictObject({
  /** Secret. */
  kubeconfig: z.string(),
  namespace: z.string().min(1),
  serviceAccount: z.string().min(1),
  /** Address of Entra ID, which sovereign clouds have their own of. */
  authority: z.string().default("https://login.microsoftonline.com"),
  tenant: z.string().min(1),
  clientId: z.string().min(1),
  containers: z.array(z.string()).min(1),
  /** Seconds for which is waited; Microsoft says ten minutes at most. */
  seconds: z.number().positive().default(900),
  /** Seconds between two questions. */
  every: z.number().positive().default(5),
});

type Inputs = z.output<typeof schema>;

/** A service account's access to containers of Azure: there once they let it in. */
export const adlsAccess: ResourceKind<Inputs, Inputs> = {
  type: "mlstack:index:AdlsAccess",
  schema,
  diff: () => ({ update: Object.keys(schema.shape) }),
  preview: (inputs) => inputs,
  create: async (inputs, context) => {
    await signIn().letIn(inputs, context);
    return {
      id: `${inputs.namespace}/${inputs.serviceAccount}`,
      outs: inputs,
    };
  },
  update: async (_id, _outs, news, context) => {
    await signIn().letIn(news, context);
    return { outs: news };
  },
};
