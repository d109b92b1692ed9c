import { type RequestOptions, request } from "node:https";

import type { KubeConfig } from "@kubernetes/client-node";

/** An answer of the API server that is an error. */
export class KubeError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Body of a request. */
interface Body {
  readonly type: "application/json" | "application/apply-patch+yaml";
  readonly text: string;
}

/** Seconds within which an answer is complete. */
const answerSeconds = 60;

/** Time for which credentials are reused; clouds issue them for 15 minutes. */
const freshMilliseconds = 60_000;

/** Reads from an API server, and applies and deletes there, by a kubeconfig of any kind, those that run a program for a token among them. */
export class KubeClient {
  private readonly config: KubeConfig;
  private options: RequestOptions = {};
  private readAt = 0;

  /**
   * @param signal that ends what is under way
   * @throws when the kubeconfig cannot be read; nothing of it is in the error, since it holds a key
   */
  constructor(
    kubeconfig: string,
    private readonly signal?: AbortSignal,
  ) {
    // It takes half a second to load, which a preview does not have.
    const { KubeConfig: Config } =
      require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
    this.config = new Config();
    try {
      this.config.loadFromString(kubeconfig);
    } catch {
      throw new Error(
        "the kubeconfig cannot be read: it is not the YAML that kubectl takes",
      );
    }
  }

  /** The object at a path. */
  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.text(path)) as T;
  }

  /** Body at a path, such as a log. */
  text(path: string): Promise<string> {
    return this.ask("GET", path);
  }

  /** Deletes the object at a path, where there is one. */
  async delete(path: string): Promise<void> {
    try {
      await this.ask("DELETE", path);
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 404)) throw error;
    }
  }

  /** Applies a manifest on the server: takes its fields over from other field managers, and creates the object where there is none. */
  async apply(
    path: string,
    manifest: string,
    fieldManager: string,
  ): Promise<void> {
    await this.ask(
      "PATCH",
      `${path}?${new URLSearchParams({ fieldManager, force: "true" }).toString()}`,
      { type: "application/apply-patch+yaml", text: manifest },
    );
  }

  /** Response to an object that is a request, such as a SubjectAccessReview. */
  async review<T>(path: string, question: object): Promise<T> {
    return JSON.parse(
      await this.ask("POST", path, {
        type: "application/json",
        text: JSON.stringify(question),
      }),
    ) as T;
  }

  private async ask(
    method: "GET" | "DELETE" | "POST" | "PATCH",
    path: string,
    body?: Body,
  ): Promise<string> {
    const server = this.config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error("the kubeconfig has no cluster");
    const options = await this.credentials();
    const limit = AbortSignal.timeout(answerSeconds * 1_000);
    const signal = this.signal ? AbortSignal.any([this.signal, limit]) : limit;
    return new Promise((resolve, reject) => {
      const call = request(
        server.replace(/\/$/, "") + path,
        {
          ...options,
          method,
          // A large definition takes the API server a while.
          timeout: method === "PATCH" ? answerSeconds * 1_000 : 15_000,
          signal,
          ...(body && { headers: headersOf(options, body.type) }),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            const status = response.statusCode ?? 0;
            if (status < 300) resolve(text);
            else
              reject(
                new KubeError(status, `${method} ${path}: ${text.trim()}`),
              );
          });
        },
      );
      call.on("timeout", () =>
        call.destroy(new Error(`${method} ${path}: no answer in time`)),
      );
      call.on("error", reject);
      call.end(body?.text);
    });
  }

  private async credentials(): Promise<RequestOptions> {
    if (Date.now() - this.readAt > freshMilliseconds) {
      const options: RequestOptions = {};
      await this.config.applyToHTTPSOptions(options);
      this.options = options;
      this.readAt = Date.now();
    }
    return this.options;
  }
}

/** Headers of a request with a body, the credentials among them. */
function headersOf(
  { headers }: RequestOptions,
  contentType: string,
): Record<string, string> {
  const given = Array.isArray(headers) ? {} : (headers ?? {});
  return {
    ...Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, String(value)]),
    ),
    "content-type": contentType,
  };
}
