import { randomBytes } from "node:crypto";

/** Name of the key in what is stored: `k8s:enc:secretbox:v1:key-1:…`. */
export const encryptionKeyName = "key-1";

/**
 * Stage of a cluster's encryption: its API servers read encrypted secrets and still write plain text, or also write
 * encrypted ones. With several API servers, none may write a form that another cannot read yet.
 */
export type EncryptionStage = "reads" | "writes";

/** A key for secrets at rest, in base64. */
export function newEncryptionKey(): string {
  return randomBytes(32).toString("base64");
}

/**
 * File by which an API server encrypts secrets in etcd. What was stored as plain text before stays readable, until it
 * is written again.
 *
 * https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
 */
export function encryptionConfiguration(
  key: string,
  stage: EncryptionStage,
): string {
  const secretbox = {
    secretbox: { keys: [{ name: encryptionKeyName, secret: key }] },
  };
  const identity = { identity: {} };
  return JSON.stringify({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        // The first one writes.
        providers:
          stage === "writes" ? [secretbox, identity] : [identity, secretbox],
      },
    ],
  });
}

/** The key of such a file; throws where it has none. */
export function keyOf(configuration: string): string {
  const found = /"secret":\s*"([A-Za-z0-9+/]{43}=)"/.exec(configuration)?.[1];
  // The text is a secret, and so in no message.
  if (found === undefined) throw new Error("has no key of 32 bytes");
  return found;
}
