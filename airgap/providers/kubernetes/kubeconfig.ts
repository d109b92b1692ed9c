import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import {
  at,
  listAt,
  propertiesAt,
  textAt,
  type Properties,
  type Value,
} from "../plugin/value";
import { yaml } from "./on-demand";

/** Which cluster a provider talks to, and as whom. */
export interface Access {
  readonly server: string;
  readonly namespace: string;
  readonly ca?: Buffer;
  readonly insecure: boolean;
  readonly serverName?: string;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Value of the Authorization header, asked for before each request. */
  readonly authorization?: () => Promise<string | undefined>;
}

/** What the program may set beside the kubeconfig itself. */
export interface AccessOptions {
  readonly context?: string;
  readonly cluster?: string;
}

/** The text of a kubeconfig that is given as text or as a path, or is the usual one. */
export function readKubeconfig(given: string | undefined): {
  readonly text: string;
  readonly folder: string;
} {
  if (given && /[\n{]/.test(given)) {
    return { text: given, folder: process.cwd() };
  }
  const paths = given
    ? [given.replace(/^~(?=\/)/, homedir())]
    : (process.env.KUBECONFIG || join(homedir(), ".kube", "config")).split(
        delimiter,
      );
  const path = paths.find((candidate) => existsSync(candidate));
  if (!path) throw new Error(`no kubeconfig at ${paths.join(" or ")}`);
  return { text: readFileSync(path, "utf8"), folder: dirname(resolve(path)) };
}

/** Parses JSON at once and YAML with its parser, which is loaded when needed. */
export function parseKubeconfig(text: string): Properties {
  const parsed: Value = text.trimStart().startsWith("{")
    ? (JSON.parse(text) as Value)
    : (yaml().parse(text) as Value);
  return propertiesAt(parsed);
}

/** The active cluster of a kubeconfig, by which a change of cluster is seen. */
export function activeCluster(
  config: Properties,
  options: AccessOptions,
): Properties {
  const context = named(
    config,
    "contexts",
    options.context || textAt(config, "current-context"),
  );
  const cluster = options.cluster || textAt(context, "context", "cluster");
  return propertiesAt(named(config, "clusters", cluster), "cluster");
}

/** How to reach the active cluster of a kubeconfig. */
export function access(
  config: Properties,
  folder: string,
  options: AccessOptions,
): Access {
  const current = options.context || textAt(config, "current-context");
  const context = propertiesAt(named(config, "contexts", current), "context");
  const cluster = activeCluster(config, options);
  const user = propertiesAt(
    named(config, "users", textAt(context, "user")),
    "user",
  );
  const server = textAt(cluster, "server");
  if (!server) {
    throw new Error(
      current
        ? `context "${current}" names no cluster with a server`
        : "no current context",
    );
  }
  const bytes = (from: Properties, key: string): Buffer | undefined => {
    const data = textAt(from, `${key}-data`);
    if (data) return Buffer.from(data, "base64");
    const path = textAt(from, key);
    return path ? readFileSync(resolve(folder, path)) : undefined;
  };
  const exec = propertiesAt(user, "exec");
  const helper = exec.command ? execCredential(exec, folder) : undefined;
  return {
    server: server.replace(/\/$/, ""),
    namespace: textAt(context, "namespace") || "default",
    ca: bytes(cluster, "certificate-authority"),
    insecure: at(cluster, "insecure-skip-tls-verify") === true,
    serverName: textAt(cluster, "tls-server-name"),
    cert: bytes(user, "client-certificate"),
    key: bytes(user, "client-key"),
    authorization: helper ?? authorization(user, folder),
  };
}

function named(
  config: Properties,
  list: string,
  name: string | undefined,
): Properties {
  const entry = listAt(config, list).find(
    (item) => textAt(item, "name") === name,
  );
  return propertiesAt(entry);
}

function authorization(
  user: Properties,
  folder: string,
): Access["authorization"] {
  const token = textAt(user, "token");
  if (token) return () => Promise.resolve(`Bearer ${token}`);
  const file = textAt(user, "tokenFile");
  if (file) {
    return () =>
      Promise.resolve(
        `Bearer ${readFileSync(resolve(folder, file), "utf8").trim()}`,
      );
  }
  const name = textAt(user, "username");
  if (!name) return undefined;
  const pair = `${name}:${textAt(user, "password") ?? ""}`;
  return () => Promise.resolve(`Basic ${Buffer.from(pair).toString("base64")}`);
}

/** A credential helper, such as those of the clouds; asked again when its token ends. */
function execCredential(
  exec: Properties,
  folder: string,
): NonNullable<Access["authorization"]> {
  let token: Promise<{ header?: string; until: number }> | undefined;
  const ask = async (): Promise<{ header?: string; until: number }> => {
    const { stdout } = await promisify(execFile)(
      textAt(exec, "command") ?? "",
      listAt(exec, "args").map(String),
      {
        cwd: folder,
        env: {
          ...process.env,
          ...Object.fromEntries(
            listAt(exec, "env").map((pair) => [
              textAt(pair, "name") ?? "",
              textAt(pair, "value") ?? "",
            ]),
          ),
          KUBERNETES_EXEC_INFO: JSON.stringify({
            apiVersion: textAt(exec, "apiVersion"),
            kind: "ExecCredential",
            spec: { interactive: false },
          }),
        },
      },
    );
    const status = propertiesAt(JSON.parse(stdout) as Value, "status");
    const bearer = textAt(status, "token");
    const ends = textAt(status, "expirationTimestamp");
    return {
      header: bearer ? `Bearer ${bearer}` : undefined,
      until: ends ? Date.parse(ends) - 30_000 : Infinity,
    };
  };
  return async () => {
    let current = token && (await token);
    if (!current || current.until < Date.now()) {
      token = ask();
      current = await token;
    }
    return current.header;
  };
}
