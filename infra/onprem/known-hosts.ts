import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A key of a host, as `known_hosts` has it. */
export interface KnownKey {
  /** Key type, for example `ssh-ed25519`. */
  readonly type: string;
  /** `SHA256:…`. */
  readonly fingerprint: string;
}

/** Keys that `~/.ssh/known_hosts` of this user has for an address; none where there is no such file. */
export function knownKeys(address: string, port: number): readonly KnownKey[] {
  let text: string;
  try {
    text = readFileSync(join(homedir(), ".ssh/known_hosts"), "utf8");
  } catch {
    return [];
  }
  return findKnownKeys(text, address, port);
}

/** Finds an address in the text of a `known_hosts` file, hashed entries included; markers and patterns are not read. */
export function findKnownKeys(
  text: string,
  address: string,
  port: number,
): readonly KnownKey[] {
  const sought = port === 22 ? address : `[${address}]:${port}`;
  return text.split("\n").flatMap((line) => {
    const [hosts = "", type, key] = line.trim().split(/\s+/);
    if (hosts.startsWith("#") || hosts.startsWith("@") || !type || !key)
      return [];
    const found = hosts.split(",").some((host) => names(host, sought));
    return found
      ? [{ type, fingerprint: fingerprintOf(Buffer.from(key, "base64")) }]
      : [];
  });
}

/** `SHA256:…` of a host's public key, as ssh-keygen writes it. */
export function fingerprintOf(key: Buffer): string {
  const digest = createHash("sha256").update(key).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

function names(entry: string, sought: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|(.+)$/.exec(entry) ?? [];
  if (!salt) return entry === sought;
  const hmac = createHmac("sha1", Buffer.from(salt, "base64"));
  return hmac.update(sought).digest("base64") === hash;
}
