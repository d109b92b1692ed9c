import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { Client, type ConnectConfig, type ServerHostKeyAlgorithm } from "ssh2";

import type { Host, SshLogin } from "./hosts";
import { fingerprintOf, knownKeys } from "./known-hosts";

/** A command that ended with another code than 0. */
export class RemoteError extends Error {
  constructor(
    readonly host: string,
    readonly code: number | undefined,
    readonly output: string,
  ) {
    const last = output.trim().split("\n").slice(-12).join("\n");
    super(`${host}: ended with ${code ?? "a signal"}: ${last}`);
  }
}

/** A connection to a host, as root. */
export class Remote {
  private constructor(
    readonly host: Host,
    private readonly client: Client,
    /** `SHA256:…` of the key that the host showed. */
    readonly fingerprint: string,
    /** Whether nothing but the host itself vouches for the key. */
    readonly firstSeen: boolean,
  ) {}

  /** Connects; the error names the host and what to check. */
  static connect(
    host: Host,
    login: SshLogin,
    signal?: AbortSignal,
  ): Promise<Remote> {
    const client = new Client();
    const known = expectedKeys(host);
    let seen = "";
    const trusts = () =>
      known.fingerprints.length > 0
        ? known.fingerprints.includes(seen)
        : login.unknownHosts === "trust";
    const connected = new Promise<Remote>((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = () => reject(new Error("cancelled"));
      signal?.addEventListener("abort", abort, { once: true });
      client
        .on("ready", () => {
          signal?.removeEventListener("abort", abort);
          const firstSeen = known.fingerprints.length === 0;
          resolve(new Remote(host, client, seen, firstSeen));
        })
        .on("error", reject)
        .connect({
          host: host.address,
          port: host.port,
          username: host.user,
          ...credentialsOf(host, login),
          readyTimeout: 15_000,
          keepaliveInterval: 10_000,
          ...(known.algorithms.length > 0 && {
            algorithms: { serverHostKey: [...known.algorithms] },
          }),
          hostVerifier: (key: Buffer) => {
            seen = fingerprintOf(key);
            return trusts();
          },
        });
    });
    return connected.catch((error: Error) => {
      client.destroy();
      const reason =
        seen !== "" && !trusts()
          ? explainKey(known, seen)
          : explain(error, host, login);
      throw new Error(`${host.name} (${host.address}): ${reason}`, {
        cause: error,
      });
    });
  }

  /**
   * Runs shell lines as root and gives what they print; they see nothing of this machine's environment. What a login
   * prints by itself, such as a greeting of `.bashrc`, is no part of it.
   */
  run(script: string, { signal, onLine }: RunOptions = {}): Promise<string> {
    const shell = this.host.user === "root" ? "sh -seu" : "sudo -n -- sh -seu";
    const mark = randomUUID();
    return new Promise((resolve, reject) => {
      this.client.exec(shell, (error, channel) => {
        if (error) return reject(error);
        let [stdout, all] = ["", ""];
        const abort = () => {
          channel.signal("TERM");
          channel.close();
          reject(new Error(`${this.host.name}: cancelled`));
        };
        if (signal?.aborted) return abort();
        signal?.addEventListener("abort", abort, { once: true });
        const lines = lineReader(onLine);
        channel.on("data", (chunk: Buffer) => {
          stdout += chunk.toString();
          all += chunk.toString();
          lines(chunk.toString());
        });
        channel.stderr.on("data", (chunk: Buffer) => {
          all += chunk.toString();
          lines(chunk.toString());
        });
        channel.on("close", (code: number | null) => {
          signal?.removeEventListener("abort", abort);
          const output = between(stdout, mark);
          if (code === 0 && output !== undefined) return resolve(output);
          const text = all.replaceAll(`${mark}\n`, "");
          reject(new RemoteError(this.host.name, code ?? undefined, text));
        });
        channel.end(`echo ${mark}\n(\n${script}\n) </dev/null\necho ${mark}\n`);
      });
    });
  }

  /** Writes a file, readable by root alone. */
  async write(path: string, text: string): Promise<void> {
    const data = Buffer.from(text).toString("base64");
    await this.run(
      `umask 077; mkdir -p "$(dirname ${path})"\nbase64 -d >${path} <<'END'\n${data}\nEND`,
    );
  }

  /** Ends the connection at once: a host that has gone meanwhile would not answer a farewell. */
  close(): void {
    this.client.destroy();
  }
}

/** Cancellation of a command, and a callback for its output. */
export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/** Text between two marker lines; undefined where they are absent. */
function between(output: string, mark: string): string | undefined {
  const [, inner] = output.split(`${mark}\n`);
  return output.split(mark).length === 3 ? inner : undefined;
}

interface ExpectedKeys {
  readonly fingerprints: readonly string[];
  /** Algorithms by which the host is to show one of them; any, where it is empty. */
  readonly algorithms: readonly ServerHostKeyAlgorithm[];
  readonly source: string;
}

/** The configuration and the state come before what this user has seen by hand. */
function expectedKeys(host: Host): ExpectedKeys {
  if (host.fingerprint !== undefined) {
    return {
      fingerprints: [host.fingerprint],
      algorithms: [],
      source: host.fingerprint,
    };
  }
  const known = knownKeys(host.address, host.port);
  return {
    fingerprints: known.map(({ fingerprint }) => fingerprint),
    algorithms: [...new Set(known.flatMap(({ type }) => algorithmsOf(type)))],
    source: "a key of ~/.ssh/known_hosts",
  };
}

function algorithmsOf(type: string): ServerHostKeyAlgorithm[] {
  switch (type) {
    case "ssh-rsa":
      return ["rsa-sha2-512", "rsa-sha2-256"];
    case "ssh-ed25519":
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return [type];
    default:
      return [];
  }
}

/** A key of the host's own comes before the one that all hosts share, and text before a file. */
function credentialsOf(host: Host, login: SshLogin): ConnectConfig {
  const text = login.keys[host.name] ?? host.key ?? login.key;
  const privateKey =
    text ?? (login.keyFile === undefined ? undefined : readKey(login.keyFile));
  const agent = login.agent ? process.env["SSH_AUTH_SOCK"] : undefined;
  if (privateKey === undefined && !agent) {
    throw new Error(
      login.agent
        ? "no SSH agent: SSH_AUTH_SOCK is not set; start one, or set target.ssh.keyFile"
        : "no key; set target.ssh.keyFile, or target.ssh.agent: true",
    );
  }
  return { privateKey, passphrase: login.passphrase, agent };
}

function readKey(path: string): string {
  const file = path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      `cannot read the key ${path} (${code}); set target.ssh.keyFile`,
      { cause: error },
    );
  }
}

function explainKey({ fingerprints, source }: ExpectedKeys, seen: string) {
  return fingerprints.length > 0
    ? `shows the key ${seen} and not ${source}; find out why before you change hosts[].fingerprint`
    : `shows the key ${seen}, which nothing vouches for; compare it with what ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub prints on the host, then write it to hosts[].fingerprint`;
}

function explain(error: Error, host: Host, login: SshLogin): string {
  if (/authentication/i.test(error.message)) {
    const which = login.agent ? "a key of the agent" : "the key";
    return `does not let ${host.user} in with ${which}; put its public part into the host's authorized_keys`;
  }
  if (/parse privateKey/i.test(error.message)) {
    return `the private key cannot be read: ${error.message}; see target.ssh`;
  }
  return "level" in error
    ? `does not answer on port ${host.port}: ${error.message}`
    : error.message;
}

function lineReader(onLine?: (line: string) => void) {
  let rest = "";
  return (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) onLine?.(line);
  };
}
