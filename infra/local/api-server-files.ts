import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";

import { auditPolicy } from "../api-server/audit";
import {
  encryptionConfiguration,
  newEncryptionKey,
} from "../api-server/encryption";
import { ApiError, type KubeApi, type KubeObject } from "./api";
import type { Layout } from "./layout";

/**
 * Writes what the API server reads at its start beside its certificates: the audit policy, and the key to the secrets in
 * etcd, which is made once.
 *
 * @returns whether anything changed
 */
export async function writeApiServerFiles(layout: Layout): Promise<boolean> {
  await mkdir(layout.pki, { recursive: true, mode: 0o700 });
  await mkdir(layout.audit, { recursive: true, mode: 0o700 });
  const text = JSON.stringify(auditPolicy, undefined, 2);
  const old = await readFile(layout.auditPolicy, "utf8").catch(() => "");
  if (old !== text) await writeFile(layout.auditPolicy, text, { mode: 0o600 });
  const hasKey = existsSync(layout.encryption);
  if (!hasKey)
    await writeFile(
      layout.encryption,
      encryptionConfiguration(newEncryptionKey(), "writes"),
      { mode: 0o600, flag: "wx" },
    );
  return old !== text || !hasKey;
}

/** Throws where secrets were encrypted with a key that is no more: with a new one they could not be read any more. */
export function requireKey(layout: Layout, secretsEncrypted: boolean): void {
  if (!secretsEncrypted || existsSync(layout.encryption)) return;
  throw new Error(
    `${layout.encryption} is gone, the key to the cluster's secrets; bring back the file, or give the cluster and its data up with npm run down`,
  );
}

/** Writes every secret again as it is, so that none stays in etcd as plain text. */
export async function rewriteSecrets(api: KubeApi): Promise<void> {
  const { items } = await api.get<{ readonly items: readonly KubeObject[] }>(
    "/api/v1/secrets",
  );
  for (const secret of items) {
    const { namespace = "", name } = secret.metadata;
    await api
      .replace(`/api/v1/namespaces/${namespace}/secrets/${name}`, secret)
      .catch((error: unknown) => {
        // One that has changed meanwhile was written with the key, and one that is gone is nowhere.
        const status = error instanceof ApiError ? error.status : 0;
        if (status !== 404 && status !== 409) throw error;
      });
  }
}
