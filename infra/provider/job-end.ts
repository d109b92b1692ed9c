import { setTimeout as pause } from "node:timers/promises";

import { z } from "zod";

import {
  containerStart,
  type Pod,
  podSchema,
  progress,
  resultOf,
} from "./job-pod";
import {
  type JobKind,
  type JobKindName,
  jobKinds,
  type JobState,
} from "./job-status";
import { KubeClient, KubeError } from "./kube-client";
import { type NodeUse, NodeUseRecord } from "./node-use";
import type { Context, ResourceKind } from "./resource";

const pollMilliseconds = 500;
const unreachableSeconds = 60;
const logLines = 15;

const inputsSchema = z.strictObject({
  /** Secret. */
  kubeconfig: z.string(),
  apiVersion: z.string(),
  kind: z.enum(Object.keys(jobKinds) as [JobKindName, ...JobKindName[]]),
  namespace: z.string(),
  name: z.string(),
  /** Identity of the run: for another one, the wait starts again. */
  uid: z.string(),
  timeoutSeconds: z.number().positive(),
});

type Inputs = z.output<typeof inputsSchema>;

interface Outs extends Inputs {
  readonly state: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly seconds: number;
  /** Result of the job; empty when it wrote none. */
  readonly result: object;
  /** Seconds from the creation of the job. */
  readonly startup: { driver?: number; firstExecutor?: number };
  /** Node resources that its pods requested, as far as observed. */
  readonly nodeUse: readonly NodeUse[];
}

const objectSchema = z.looseObject({
  metadata: z.object({ uid: z.string(), creationTimestamp: z.string() }),
});

/** The end of a job: its creation succeeds when the job succeeds, and fails when the job fails. */
export const jobEnd: ResourceKind<Inputs, Outs> = {
  type: "mlstack:index:JobEnd",
  schema: inputsSchema,
  secretOutputs: ["kubeconfig"],
  kept: [
    ...(["state", "startedAt", "finishedAt", "seconds"] as const),
    ...(["result", "startup", "nodeUse"] as const),
  ],
  diff: () => ({
    update: ["kubeconfig", "timeoutSeconds"],
    replace: ["apiVersion", "kind", "namespace", "name", "uid"],
  }),
  limitSeconds: ({ timeoutSeconds }) => timeoutSeconds + unreachableSeconds * 2,
  async create(inputs, context) {
    const outs = await new Wait(inputs, context).end();
    return { id: `${inputs.namespace}/${inputs.name}/${inputs.uid}`, outs };
  },
  // The job has ended; how it may be reached or how long it might have taken changes nothing.
  update: async (_id, outs, news) => ({ outs: { ...outs, ...news } }),
};

class Wait {
  private readonly client: KubeClient;
  private readonly kind: JobKind;
  private readonly began = Date.now();
  private readonly startup: { driver?: number; firstExecutor?: number } = {};
  private readonly nodeUse: NodeUseRecord;

  constructor(
    private readonly inputs: Inputs,
    private readonly context: Context,
  ) {
    this.client = new KubeClient(inputs.kubeconfig, context.signal);
    this.kind = jobKinds[inputs.kind];
    this.nodeUse = new NodeUseRecord((name) =>
      this.client.get(`/api/v1/nodes/${name}`),
    );
  }

  async end(): Promise<Outs> {
    for (;;) {
      this.context.signal.throwIfAborted();
      const { object, pods } = await this.look();
      const created = object.metadata.creationTimestamp;
      const state = this.kind.state(object);
      const main = this.kind.main(object, pods);
      this.noteStarts(created, main, pods);
      await this.nodeUse.note(pods);
      if (state.ended === "failed") throw await this.failure(state, main);
      if (state.ended === "succeeded") return this.outs(state, created, main);
      this.context.log(progress(state.state, pods));
      if (Date.now() - this.began > this.inputs.timeoutSeconds * 1000) {
        throw new Error(
          `${this.title} has not ended within ${this.inputs.timeoutSeconds} s: ${progress(state.state, pods)}${await this.lastLines(main)}`,
        );
      }
      await pause(pollMilliseconds, undefined, {
        signal: this.context.signal,
      }).catch(() => this.context.signal.throwIfAborted());
    }
  }

  private get title(): string {
    return `${this.inputs.kind} ${this.inputs.namespace}/${this.inputs.name}`;
  }

  private async look() {
    const { apiVersion, namespace, name, uid } = this.inputs;
    const root = apiVersion.includes("/")
      ? `/apis/${apiVersion}`
      : `/api/${apiVersion}`;
    const selector = encodeURIComponent(this.kind.pods(name));
    const [found, podList] = await Promise.all([
      this.persist(() =>
        this.client.get<object>(
          `${root}/namespaces/${namespace}/${this.kind.plural}/${name}`,
        ),
      ),
      this.persist(() =>
        this.client.get<{ items: unknown[] }>(
          `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`,
        ),
      ),
    ]);
    const object = objectSchema.parse(found);
    if (uid !== "" && object.metadata.uid !== uid) {
      throw new Error(`${this.title} was replaced by another while it ran`);
    }
    return { object, pods: podList.items.map((pod) => podSchema.parse(pod)) };
  }

  // A restarted API server answers again soon; a rejection is final.
  private async persist<T>(ask: () => Promise<T>): Promise<T> {
    const end = Date.now() + unreachableSeconds * 1000;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        this.context.signal.throwIfAborted();
        if (error instanceof KubeError && error.status === 404) {
          throw new Error(`${this.title} was deleted while it was awaited`, {
            cause: error,
          });
        }
        const refused = error instanceof KubeError && error.status < 500;
        if ((refused && error.status !== 429) || Date.now() > end) throw error;
        this.context.log(`${String(error)}; trying again`);
        await pause(1000, undefined, { signal: this.context.signal }).catch(
          () => this.context.signal.throwIfAborted(),
        );
      }
    }
  }

  private noteStarts(
    created: string,
    main: Pod | undefined,
    pods: readonly Pod[],
  ): void {
    const since = (pod: Pod): number[] => {
      const started = containerStart(pod);
      return started
        ? [(Date.parse(started) - Date.parse(created)) / 1000]
        : [];
    };
    const first = (among: readonly Pod[], known: number | undefined) => {
      const starts = among.flatMap(since);
      if (known !== undefined) starts.push(known);
      return starts.length > 0 ? Math.min(...starts) : undefined;
    };
    this.startup.driver = first(main ? [main] : [], this.startup.driver);
    this.startup.firstExecutor = first(
      pods.filter((pod) => this.kind.isExecutor(pod)),
      this.startup.firstExecutor,
    );
  }

  private outs(
    { state, finishedAt = new Date().toISOString() }: JobState,
    startedAt: string,
    main: Pod | undefined,
  ): Outs {
    return {
      ...this.inputs,
      state,
      startedAt,
      finishedAt,
      seconds: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
      result: resultOf(main),
      startup: this.startup,
      nodeUse: this.nodeUse.uses(),
    };
  }

  private async failure(
    { state, reason }: JobState,
    main: Pod | undefined,
  ): Promise<Error> {
    const words = reason ? `: ${reason.trim()}` : "";
    return new Error(
      `${this.title} ended as ${state}${words}${await this.lastLines(main)}`,
    );
  }

  private async lastLines(main: Pod | undefined): Promise<string> {
    if (!main) return "";
    const { name } = main.metadata;
    const container = main.status.containerStatuses[0]?.name;
    const query = `tailLines=${logLines * 2}${container ? `&container=${container}` : ""}`;
    const log = await this.client
      .text(
        `/api/v1/namespaces/${this.inputs.namespace}/pods/${name}/log?${query}`,
      )
      .catch((error: unknown) => `(no log: ${String(error)})`);
    const lines = log
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-logLines);
    return `\nlast lines of pod ${name}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  }
}
