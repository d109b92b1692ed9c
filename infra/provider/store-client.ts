import { setTimeout as pause } from "node:timers/promises";
import { createHash } from "node:crypto";
import { Agent, type ClientRequestArgs, request } from "node:http";
import { Duplex, PassThrough, Writable } from "node:stream";

import { AwsV4Signer } from "aws4fetch";
import { z } from "zod";

import {
  iamPort,
  namespace,
  region,
  rootAccessKeyId,
  s3Port,
  storeName,
} from "../object-store/embedded-address";

/** Inputs by which a resource reaches the embedded store. */
export const administration = {
  kubeconfig: z.string(),
  rootSecretKey: z.string(),
};

/** See {@link administration}. */
export interface Administration {
  /** Secret. */
  readonly kubeconfig: string;
  /** Secret. */
  readonly rootSecretKey: string;
}

/** Connection to the store's two ports. */
export interface StoreRoute {
  readonly agent: Agent;
  readonly s3Port: number;
  readonly iamPort: number;
}

/** An answer of the store that is an error, with its S3 or IAM code, such as `NoSuchBucket`. */
export class StoreError extends Error {
  constructor(
    call: string,
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(`the object store refused ${call}: ${code}: ${message}`);
  }
}

/** The store could not be asked. */
export class UnreachableStore extends Error {
  constructor(reason: string) {
    super(
      `the object store (pod ${namespace}/${storeName}-0) cannot be reached: ${reason}`,
    );
  }
}

const requestMilliseconds = 15_000;

/** A signed request, and its answer. */
interface Call {
  readonly service: "s3" | "iam";
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** From the first slash, with the query. */
  readonly path: string;
  readonly body?: string;
}

/** S3 and IAM calls of the embedded store's administrator. */
export class StoreClient {
  constructor(
    private readonly route: StoreRoute,
    private readonly rootSecretKey: string,
    private readonly signal: AbortSignal,
  ) {}

  /** An S3 call; the answer is XML or empty. */
  s3(method: Call["method"], path: string, body?: string): Promise<string> {
    return this.send({ service: "s3", method, path, body });
  }

  /** An IAM call by its action, such as `CreateUser`; the answer is XML. */
  iam(
    action: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<string> {
    const body = new URLSearchParams({
      Action: action,
      Version: "2010-05-08",
      ...parameters,
    }).toString();
    return this.send({ service: "iam", method: "POST", path: "/", body });
  }

  private async send({ service, method, path, body }: Call): Promise<string> {
    const port = service === "s3" ? this.route.s3Port : this.route.iamPort;
    const signed = await new AwsV4Signer({
      method,
      url: `http://127.0.0.1:${port}${path}`,
      headers:
        service === "iam"
          ? { "content-type": "application/x-www-form-urlencoded" }
          : { "content-md5": md5(body ?? "") },
      body,
      service,
      region,
      accessKeyId: rootAccessKeyId,
      secretAccessKey: this.rootSecretKey,
    }).sign();
    const { status, text } = await exchange(
      signed.url,
      {
        method,
        headers: {
          ...Object.fromEntries(signed.headers),
          "content-length": Buffer.byteLength(body ?? ""),
        },
        agent: this.route.agent,
        signal: AbortSignal.any([
          this.signal,
          AbortSignal.timeout(requestMilliseconds),
        ]),
      },
      body,
    );
    if (status < 300) return text;
    throw new StoreError(
      `${method} ${path}`,
      status,
      elements(text, "Code")[0] ?? String(status),
      elements(text, "Message")[0] ?? text.slice(0, 200),
    );
  }
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("base64");
}

/** Texts of the elements of a name, in the order of the document. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(
    ([, text = ""]) =>
      text
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&#34;", '"')
        .replaceAll("&quot;", '"')
        .replaceAll("&#39;", "'")
        .replaceAll("&amp;", "&"),
  );
}

function exchange(
  url: URL,
  options: ClientRequestArgs,
  body: string | undefined,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(new UnreachableStore(reasonOf(options.signal) ?? error.message));
    const call = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    call.on("error", fail);
    call.end(body);
  });
}

function reasonOf(signal: AbortSignal | undefined): string | undefined {
  if (!signal?.aborted) return undefined;
  const { name, message } = asError(signal.reason);
  return name === "TimeoutError" ? "no answer in time" : message;
}

const attempts = 3;
const pauseMilliseconds = 2_000;

/**
 * Does work that may be repeated, such as one that first looks what is there already.
 * It is tried three times, in case the store's pod is starting again.
 */
export async function withStore<T>(
  { kubeconfig, rootSecretKey }: Administration,
  signal: AbortSignal,
  work: (store: StoreClient) => Promise<T>,
): Promise<T> {
  const store = new StoreClient(routeTo(kubeconfig), rootSecretKey, signal);
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(store);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UnreachableStore) || attempt === attempts)
        throw error;
      await pause(pauseMilliseconds, undefined, { signal });
    }
  }
}

const probeMilliseconds = 5_000;
const unreachable = new Set<string>();

/**
 * Reads from the store, for a preview: what cannot be reached, such as a cluster that is stopped, is not waited for again.
 *
 * @returns what was read, or `otherwise` where the store cannot be reached
 */
export async function probeStore<T>(
  { kubeconfig, rootSecretKey }: Administration,
  otherwise: T,
  work: (store: StoreClient) => Promise<T>,
): Promise<T> {
  if (unreachable.has(kubeconfig)) return otherwise;
  const signal = AbortSignal.timeout(probeMilliseconds);
  try {
    return await work(
      new StoreClient(routeTo(kubeconfig), rootSecretKey, signal),
    );
  } catch (error) {
    if (!(error instanceof UnreachableStore)) throw error;
    unreachable.add(kubeconfig);
    return otherwise;
  }
}

const routes = new Map<string, StoreRoute>();

/** One route per cluster, so that its connections are used again. */
function routeTo(kubeconfig: string): StoreRoute {
  let route = routes.get(kubeconfig);
  if (!route) {
    route = { agent: new PodAgent(kubeconfig), s3Port, iamPort };
    routes.set(kubeconfig, route);
  }
  return route;
}

/** Connects to ports of the store's pod by the API server: so its IAM API needs no port that others could reach. */
class PodAgent extends Agent {
  constructor(private readonly kubeconfig: string) {
    super({ keepAlive: true, maxSockets: 4 });
  }

  override createConnection(
    { port }: ClientRequestArgs,
    callback: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    forward(this.kubeconfig, Number(port)).then(
      (stream) => callback(null, stream),
      (error: unknown) => callback(asError(error), new PassThrough()),
    );
  }

  // A forwarded stream has no socket options.
  override keepSocketAlive(): boolean {
    return true;
  }

  override reuseSocket(): void {}
}

async function forward(kubeconfig: string, port: number): Promise<Duplex> {
  const { KubeConfig, PortForward } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const toPod = new PassThrough();
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      toPod.write(chunk, done);
    },
    final: (done) => {
      toPod.end(done);
    },
  });
  // The request's own handler reports errors; an idle connection has no handler.
  stream.on("error", () => undefined);
  const fromPod = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!stream.destroyed) stream.push(chunk);
      done();
    },
  });
  const socket = await new PortForward(config).portForward(
    namespace,
    `${storeName}-0`,
    [port],
    fromPod,
    null,
    toPod,
  );
  if (typeof socket === "function") return stream;
  socket.on("close", () => {
    if (!stream.destroyed) stream.push(null);
  });
  socket.on("error", (error: Error) => stream.destroy(error));
  stream.on("close", () => socket.close());
  return stream;
}

/** A web socket that fails gives an event, which is no error but has a message. */
function asError(error: unknown): Error {
  if (error instanceof Error) return error;
  const { message } = error as { message?: unknown };
  return new Error(typeof message === "string" ? message : String(error));
}
