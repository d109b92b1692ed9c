import * as http from "node:http";
import * as https from "node:https";
import { createInterface } from "node:readline";
import {
  listAt,
  propertiesAt,
  textAt,
  type Properties,
  type Value,
} from "../plugin/value";
import type { Access } from "./kubeconfig";
import type { GroupVersionKind } from "./naming";

/** An answer of the API server that is not success. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  /** Kind of the object that the error is about, such as `namespaces`. */
  readonly about: string;

  constructor(code: number, status: Properties) {
    super(textAt(status, "message") ?? `the server answered ${code}`);
    this.code = code;
    this.reason = textAt(status, "reason") ?? "";
    this.about = textAt(status, "details", "kind") ?? "";
  }
}

/** The server has no such kind, or not yet. */
export class NoSuchKind extends Error {
  constructor({ apiVersion, kind }: GroupVersionKind) {
    super(`no matches for kind "${kind}" in version "${apiVersion}"`);
  }
}

/** Where the objects of a kind are. */
export interface ApiResource {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** One request to the API server. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: Value;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

const discoveryFormat = ["v2", "v2beta1"]
  .map(
    (v) =>
      `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`,
  )
  .concat("application/json")
  .join(",");

/** An API server, over connections that are kept. */
export class Cluster {
  readonly #access: Access;
  readonly #agent: http.Agent | https.Agent;
  readonly #base: URL;
  #kinds: Promise<ReadonlyMap<string, ApiResource>> | undefined;

  constructor(access: Access) {
    this.#access = access;
    this.#base = new URL(access.server);
    const options = { keepAlive: true, maxSockets: 64, maxFreeSockets: 16 };
    this.#agent =
      this.#base.protocol === "http:"
        ? new http.Agent(options)
        : new https.Agent({
            ...options,
            ca: access.ca,
            cert: access.cert,
            key: access.key,
            rejectUnauthorized: !access.insecure,
            servername: access.serverName,
          });
  }

  /** Namespace of objects that name none. */
  get namespace(): string {
    return this.#access.namespace;
  }

  /** Sends a request; an answer that is not success is thrown. */
  async request(request: ApiRequest): Promise<Properties> {
    for (let attempt = 0; ; attempt++) {
      try {
        const response = await this.#send(request);
        const text = await body(response);
        const code = response.statusCode ?? 0;
        if (code < 300) return text ? propertiesAt(JSON.parse(text)) : {};
        throw new ApiError(code, status(text));
      } catch (error) {
        if (attempt >= 4 || !passing(error, request.method)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt));
      }
    }
  }

  /** Calls back for every event of a list, until the server ends the stream. */
  async watch(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
    visit: (type: string, object: Properties) => Promise<boolean>,
  ): Promise<void> {
    const response = await this.#send({
      method: "GET",
      path,
      query: { ...query, watch: "1", allowWatchBookmarks: "true" },
      signal,
    });
    if (response.statusCode !== 200) {
      throw new ApiError(
        response.statusCode ?? 0,
        status(await body(response)),
      );
    }
    try {
      const lines = createInterface({ input: response });
      // A stream that is cut off has no end, which is all that a reader of lines waits for.
      response.once("close", () => lines.close());
      if (response.destroyed) return;
      for await (const line of lines) {
        const event = propertiesAt(JSON.parse(line));
        const type = textAt(event, "type") ?? "";
        if (type === "BOOKMARK") continue;
        // Mostly "resource version too old": the caller lists again.
        if (type === "ERROR") return;
        if (await visit(type, propertiesAt(event, "object"))) return;
      }
    } finally {
      response.destroy();
    }
  }

  /** Path of a kind's collection, or of one object of it. */
  async path(
    kind: GroupVersionKind,
    namespace: string | undefined,
    name?: string,
  ): Promise<string> {
    const resource = await this.resource(kind);
    if (!resource) throw new NoSuchKind(kind);
    const root = kind.apiVersion.includes("/") ? "/apis" : "/api";
    const inNamespace = resource.namespaced
      ? `/namespaces/${encodeURIComponent(namespace || "default")}`
      : "";
    const last = name === undefined ? "" : `/${encodeURIComponent(name)}`;
    return `${root}/${kind.apiVersion}${inNamespace}/${resource.plural}${last}`;
  }

  /** Where the objects of a kind are, if the server has it. */
  async resource(kind: GroupVersionKind): Promise<ApiResource | undefined> {
    return (await this.discover()).get(`${kind.apiVersion}/${kind.kind}`);
  }

  /** All kinds of the server, asked for once. */
  async discover(): Promise<ReadonlyMap<string, ApiResource>> {
    this.#kinds ??= this.#discover();
    try {
      return await this.#kinds;
    } catch (error) {
      this.#kinds = undefined;
      throw error;
    }
  }

  /** Forgets the kinds, as after a definition was made. */
  forget(): void {
    this.#kinds = undefined;
  }

  async #discover(): Promise<ReadonlyMap<string, ApiResource>> {
    const lists = await Promise.all(
      ["/api", "/apis"].map((path) =>
        this.request({ method: "GET", path, accept: discoveryFormat }),
      ),
    );
    const kinds = new Map<string, ApiResource>();
    for (const list of lists) {
      for (const group of listAt(list, "items")) {
        const name = textAt(group, "metadata", "name");
        for (const version of listAt(group, "versions")) {
          const v = textAt(version, "version") ?? "";
          const apiVersion = name ? `${name}/${v}` : v;
          for (const resource of listAt(version, "resources")) {
            const kind = textAt(resource, "responseKind", "kind") ?? "";
            const key = `${apiVersion}/${kind}`;
            if (kinds.has(key)) continue;
            kinds.set(key, {
              plural: textAt(resource, "resource") ?? "",
              namespaced: textAt(resource, "scope") === "Namespaced",
            });
          }
        }
      }
    }
    return kinds;
  }

  async #send(request: ApiRequest): Promise<http.IncomingMessage> {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) query.set(key, value);
    }
    const search = query.size > 0 ? `?${query.toString()}` : "";
    const payload =
      request.body === undefined ? undefined : JSON.stringify(request.body);
    const authorization = await this.#access.authorization?.();
    const options: https.RequestOptions = {
      agent: this.#agent,
      method: request.method,
      headers: {
        accept: request.accept ?? "application/json",
        "user-agent": "mlstack-kubernetes-stand-in",
        ...(authorization ? { authorization } : {}),
        ...(payload === undefined
          ? {}
          : {
              "content-type": request.contentType ?? "application/json",
              "content-length": Buffer.byteLength(payload),
            }),
      },
      signal: request.signal,
    };
    const url = new URL(
      this.#base.pathname.replace(/\/$/, "") + request.path + search,
      this.#base,
    );
    const { request: open } = this.#base.protocol === "http:" ? http : https;
    return new Promise((resolve, reject) => {
      const sent = open(url, options, resolve);
      sent.on("error", reject);
      sent.on("socket", (socket) => {
        if (!socket.connecting) return;
        const timer = setTimeout(
          () => sent.destroy(new Error(`${url.host} does not answer`)),
          10_000,
        );
        socket.once("connect", () => clearTimeout(timer));
        sent.once("close", () => clearTimeout(timer));
      });
      sent.end(payload);
    });
  }
}

async function body(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** The status object of an answer; a proxy's answer is none. */
function status(text: string): Properties {
  try {
    return propertiesAt(JSON.parse(text) as Value);
  } catch {
    return { message: text.trim() };
  }
}

/**
 * Whether to ask again: the server is busy, or a kept connection was closed by
 * the other side just as it was used.
 */
function passing(error: unknown, method: ApiRequest["method"]): boolean {
  if (error instanceof ApiError) return error.code === 429;
  const code = error instanceof Error && "code" in error ? error.code : "";
  return (code === "ECONNRESET" || code === "EPIPE") && method !== "POST";
}
