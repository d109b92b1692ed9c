import { setTimeout as pause } from "node:timers/promises";

import { z } from "zod";

import {
  claimSchema,
  describeRemains,
  ingressSchema,
  podSchema,
  remainsOf,
  serviceSchema,
  usersOf,
  volumeSchema,
  type Remains,
} from "./cluster-remains";
import { differentClusters } from "./cluster-identity";
import { KubeClient, KubeError } from "./kube-client";
import type { Context, ResourceKind } from "./resource";

const pollMilliseconds = 1_000;
const accessPath = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const unreachableSeconds = 60;
/** Beyond its own time limit, for what is under way when it is reached. */
const tidyingSeconds = 120;

const inputsSchema = z.strictObject({
  /** Secret. */
  kubeconfig: z.string(),
  /** Whether what is left in the cluster is removed; it is named, and the removal fails, otherwise. */
  remove: z.boolean(),
  /** Whether it is there only once whoever runs this may make name spaces: roles of a cloud take minutes to spread. */
  awaitAccess: z.boolean().default(false),
  /** Seconds for which that is waited for. */
  accessSeconds: z.number().positive().default(600),
  /** Clouds take minutes to remove a load balancer. */
  timeoutSeconds: z.number().positive().default(900),
});

type Inputs = z.output<typeof inputsSchema>;

/** The last thing to go of what is in a cluster: gone when the cluster has no disk and no load balancer left. */
export const teardown: ResourceKind<Inputs, Inputs> = {
  type: "mlstack:index:Teardown",
  schema: inputsSchema,
  secretOutputs: ["kubeconfig"],
  // The disks and load balancers of a cluster that another one replaces are waited for as well.
  diff: (_id, _outs, olds, news) => ({
    update: Object.keys(inputsSchema.shape),
    replace: differentClusters(olds.kubeconfig, news.kubeconfig)
      ? ["kubeconfig"]
      : [],
  }),
  limitSeconds: ({ timeoutSeconds }) => timeoutSeconds + tidyingSeconds,
  create: async (inputs, context) => {
    if (inputs.awaitAccess) await letIn(inputs, context);
    return { id: "teardown", outs: inputs };
  },
  update: (_id, _outs, news) => Promise.resolve({ outs: news }),
  delete: (_id, outs, context) => empty(outs, context),
};

/** Polls the cluster until it authorizes the caller. */
async function letIn(
  { kubeconfig, accessSeconds }: Inputs,
  context: Context,
): Promise<void> {
  const client = new KubeClient(kubeconfig, context.signal);
  const began = Date.now();
  let answer = "no answer yet";
  while (Date.now() - began < accessSeconds * 1_000) {
    try {
      const { status } = await client.review<{
        status?: { allowed?: boolean; reason?: string };
      }>(accessPath, {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: {
          resourceAttributes: { verb: "create", resource: "namespaces" },
        },
      });
      if (status?.allowed === true) return;
      answer = status?.reason ?? "not allowed";
    } catch (error) {
      context.signal.throwIfAborted();
      answer = String(error);
    }
    context.log(`waits to be let in: ${answer}`);
    await pause(pollMilliseconds, undefined, { signal: context.signal }).catch(
      () => context.signal.throwIfAborted(),
    );
  }
  throw new Error(
    `the cluster lets nobody in who runs this, within ${accessSeconds} s: ${answer}; see that they are among target.admins, or hold a role that makes name spaces, then go on with up`,
  );
}

async function empty(
  { kubeconfig, remove, timeoutSeconds }: Inputs,
  context: Context,
): Promise<void> {
  const client = new KubeClient(kubeconfig, context.signal);
  const began = Date.now();
  let lastAnswer = began;
  for (;;) {
    let remains: readonly Remains[] | undefined;
    try {
      remains = await look(client);
      if (remove) await removeAll(client, remains);
      lastAnswer = Date.now();
    } catch (error) {
      context.signal.throwIfAborted();
      if (isRefusal(error)) throw error;
      // The Kubernetes provider honours the same variable for clusters that it cannot reach.
      if (process.env["PULUMI_K8S_DELETE_UNREACHABLE"] === "true") return;
      if (Date.now() - lastAnswer > unreachableSeconds * 1_000) {
        throw new Error(
          `the cluster does not answer, so that its disks and load balancers cannot be seen: ${String(error)}; if it is gone for good, set PULUMI_K8S_DELETE_UNREACHABLE=true`,
          { cause: error },
        );
      }
    }
    if (remains?.length === 0) return;
    if (remains) {
      // Volumes and load balancers that others created may still be in use, and only a short-lived stack removes them.
      const stays = remove ? [] : remains.filter(({ going }) => !going);
      if (stays.length > 0) throw new Error(refusalOf(stays));
      const list = describeRemains(remains);
      if (Date.now() - began > timeoutSeconds * 1_000) {
        throw new Error(
          `not gone within ${timeoutSeconds} s: ${list}; the nodes stay until they are: see what holds them (kubectl describe), then destroy again`,
        );
      }
      context.log(`waits for ${list}`);
    }
    await pause(pollMilliseconds, undefined, { signal: context.signal }).catch(
      () => context.signal.throwIfAborted(),
    );
  }
}

function refusalOf(stays: readonly Remains[]): string {
  const commands = stays.map(({ command }) => `  ${command}`);
  return [
    `${describeRemains(stays)} would outlive the cluster; keep what is needed of them, then delete them and destroy again:`,
    ...commands,
  ].join("\n");
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof KubeError && error.status < 500 && error.status !== 429
  );
}

async function look(client: KubeClient): Promise<readonly Remains[]> {
  const [volumes, claims, services, ingresses] = await Promise.all([
    items(client, "/api/v1/persistentvolumes", volumeSchema),
    items(client, "/api/v1/persistentvolumeclaims", claimSchema),
    items(client, "/api/v1/services", serviceSchema),
    items(client, "/apis/networking.k8s.io/v1/ingresses", ingressSchema),
  ]);
  return remainsOf({ volumes, claims, services, ingresses });
}

/** A claim that a pod uses goes with the pod. */
async function removeAll(
  client: KubeClient,
  remains: readonly Remains[],
): Promise<void> {
  for (const { path } of remains) {
    if (path !== undefined) await client.delete(path);
  }
  const [claims, pods] = await Promise.all([
    items(client, "/api/v1/persistentvolumeclaims", claimSchema),
    items(client, "/api/v1/pods", podSchema),
  ]);
  for (const path of usersOf(claims, pods)) await client.delete(path);
}

async function items<T>(
  client: KubeClient,
  path: string,
  schema: z.ZodType<T>,
): Promise<readonly T[]> {
  const list = await client.get<{ items: readonly unknown[] }>(path);
  return list.items.map((item) => schema.parse(item));
}
