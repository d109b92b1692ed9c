import { createHash } from "node:crypto";

import { Client } from "ssh2";

import type { Host } from "./hosts";

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
  ) {}

  /** Connects; the error names the host and what to look at. */
  static connect(host: Host, signal?: AbortSignal): Promise<Remote> {
    return new Promise((resolve, reject) => {
      const client = new Client();
      let seen = "";
      const fail = (reason: string) => {
        client.destroy();
        reject(new Error(`${host.name} (${host.address}): ${reason}`));
      };
      const abort = () => fail("cancelled");
      signal?.addEventListener("abort", abort, { once: true });
      client
        .on("ready", () => {
          signal?.removeEventListener("abort", abort);
          resolve(new Remote(host, client, seen));
        })
        .on("error", (error) => fail(explain(error, host, seen)))
        .connect({
          host: host.address,
          port: host.port,
          username: host.user,
          privateKey: host.key,
          readyTimeout: 15_000,
          keepaliveInterval: 10_000,
          hostVerifier: (key: Buffer) => {
            seen = fingerprintOf(key);
            return !host.fingerprint || host.fingerprint === seen;
          },
        });
    });
  }

  /** Runs shell lines as root and gives what they print; they see nothing of this machine's environment. */
  run(script: string, { signal, onLine }: RunOptions = {}): Promise<string> {
    const shell = this.host.user === "root" ? "sh -seu" : "sudo -n -- sh -seu";
    return new Promise((resolve, reject) => {
      this.client.exec(shell, (error, channel) => {
        if (error) return reject(error);
        let [stdout, all] = ["", ""];
        const abort = () => {
          channel.signal("TERM");
          channel.close();
          reject(new Error(`${this.host.name}: cancelled`));
        };
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
          if (code === 0) resolve(stdout);
          else reject(new RemoteError(this.host.name, code ?? undefined, all));
        });
        channel.end(`${script}\n`);
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

/** How a command is ended early, and who hears its lines. */
export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

function fingerprintOf(key: Buffer): string {
  const digest = createHash("sha256").update(key).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

function explain(error: Error, host: Host, seen: string): string {
  if (host.fingerprint && seen && host.fingerprint !== seen) {
    return `shows the key ${seen} and not ${host.fingerprint}; find out why before you change hosts[].fingerprint`;
  }
  if (/authentication/i.test(error.message)) {
    return `does not let ${host.user} in with the key; put its public part into the host's authorized_keys`;
  }
  return `does not answer on port ${host.port}: ${error.message}`;
}

function lineReader(onLine?: (line: string) => void) {
  let rest = "";
  return (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) onLine?.(line);
  };
}
