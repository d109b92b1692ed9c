import { readFile } from "node:fs/promises";
import { Agent, request } from "node:https";

import { parse } from "yaml";

/** A Kubernetes object as it is applied. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
  } & Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** An answer of the API server that is an error. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: {
      readonly server: string;
      readonly "certificate-authority-data": string;
    };
  }[];
  readonly users: readonly {
    readonly user: {
      readonly "client-certificate-data": string;
      readonly "client-key-data": string;
    };
  }[];
}

/** Talks to the cluster's API server with a kubeconfig that kubeadm wrote; no library, which takes 2 s to load. */
export class KubeApi {
  private constructor(
    private readonly server: string,
    private readonly agent: Agent,
  ) {}

  static async open(kubeconfigPath: string): Promise<KubeApi> {
    const { clusters, users } = parse(
      await readFile(kubeconfigPath, "utf8"),
    ) as Kubeconfig;
    const cluster = clusters[0]?.cluster;
    const user = users[0]?.user;
    if (!cluster || !user)
      throw new Error(`${kubeconfigPath} names no cluster and user`);
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 8,
      ca: decode(cluster["certificate-authority-data"]),
      cert: decode(user["client-certificate-data"]),
      key: decode(user["client-key-data"]),
    });
    return new KubeApi(cluster.server, agent);
  }

  close(): void {
    this.agent.destroy();
  }

  get<T>(path: string): Promise<T> {
    return this.call("GET", path);
  }

  /** Whether the server has a good answer at a path. */
  answers(path: string): Promise<boolean> {
    return this.call("GET", path).then(
      () => true,
      () => false,
    );
  }

  /** Makes an object be as given, and keeps what others have set in it. */
  async apply(object: KubeObject): Promise<void> {
    await this.call(
      "PATCH",
      `${objectPath(object)}?fieldManager=mlstack&force=true`,
      object,
      "application/apply-patch+yaml",
    );
  }

  /** Writes an object over the one that is there. */
  async replace(path: string, object: object): Promise<void> {
    await this.call("PUT", path, object);
  }

  /** Changes parts of an object. */
  async merge(path: string, patch: object): Promise<void> {
    await this.call("PATCH", path, patch, "application/merge-patch+json");
  }

  /** Deletes an object; that it is gone already is no error. */
  async delete(path: string): Promise<void> {
    await this.call("DELETE", path).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    });
  }

  private call<T>(
    method: string,
    path: string,
    body?: object,
    type = "application/json",
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = request(
        this.server + path,
        {
          method,
          agent: this.agent,
          timeout: 15_000,
          headers: { "content-type": type, accept: "application/json" },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            const status = response.statusCode ?? 0;
            const json =
              response.headers["content-type"]?.includes("json") ?? false;
            const answer: unknown = json ? JSON.parse(text) : text;
            if (status < 300) resolve(answer as T);
            else
              reject(
                new ApiError(status, `${method} ${path}: ${messageOf(answer)}`),
              );
          });
        },
      );
      call.on("timeout", () =>
        call.destroy(new Error(`${method} ${path}: no answer within 15 s`)),
      );
      call.on("error", reject);
      call.end(body && JSON.stringify(body));
    });
  }
}

function messageOf(answer: unknown): string {
  return typeof answer === "object" && answer !== null && "message" in answer
    ? String(answer.message)
    : String(answer);
}

function decode(base64: string): Buffer {
  return Buffer.from(base64, "base64");
}

const clusterScoped = [
  "Namespace",
  "ClusterRole",
  "ClusterRoleBinding",
  "StorageClass",
  "Node",
];

function objectPath({ apiVersion, kind, metadata }: KubeObject): string {
  const plural = /(s|ss|x|ch|sh)$/.test(kind.toLowerCase())
    ? `${kind.toLowerCase()}es`
    : `${kind.toLowerCase()}s`;
  const root = apiVersion.includes("/")
    ? `/apis/${apiVersion}`
    : `/api/${apiVersion}`;
  const scope = clusterScoped.includes(kind)
    ? ""
    : `/namespaces/${metadata.namespace ?? "default"}`;
  return `${root}${scope}/${plural}/${metadata.name.replaceAll(":", "%3A")}`;
}
