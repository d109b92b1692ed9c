import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cacheFolder, toolPath } from "../toolchain/tools";

/** Folder of the registry's file-system driver, served to the nodes of a local cluster. */
export function registryStorage(): string {
  return join(cacheFolder(), "registry");
}

/** Path under which a registry knows an image: `docker.io/library/busybox:1.37` is `library/busybox`, `1.37`. */
export function repositoryOf(reference: string): {
  readonly repository: string;
  readonly tag: string;
} {
  const found = /^[^/]+\/(.+):([^:/]+)$/.exec(reference);
  if (!found?.[1] || !found[2])
    throw new Error(`${reference} is not of the form registry/repository:tag`);
  return { repository: found[1], tag: found[2] };
}

/** Digest of an image in a storage folder, read without a registry; undefined where the tag is not there. */
export function storedDigest(
  storage: string,
  reference: string,
): string | undefined {
  const { repository, tag } = repositoryOf(reference);
  const link = join(
    storage,
    "docker/registry/v2/repositories",
    repository,
    "_manifests/tags",
    tag,
    "current/link",
  );
  return existsSync(link) ? readFileSync(link, "utf8").trim() : undefined;
}

/** Serves a storage folder on a free port of the loopback address while `use` runs. */
export async function withRegistry<T>(
  storage: string,
  use: (address: string) => Promise<T>,
): Promise<T> {
  mkdirSync(storage, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "mlstack-registry-"));
  const config = join(folder, "config.json");
  writeFileSync(
    config,
    JSON.stringify({
      version: "0.1",
      log: { level: "info", accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: storage },
        delete: { enabled: true },
        maintenance: { uploadpurging: { enabled: false } },
      },
      http: { addr: "127.0.0.1:0" },
    }),
  );
  const child = spawn(toolPath("registry"), ["serve", config], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  });
  try {
    return await use(await listeningAddress(child.stderr));
  } finally {
    child.kill();
    rmSync(folder, { recursive: true });
  }
}

function listeningAddress(stderr: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stderr.setEncoding("utf8");
    // Read on after the address, or the registry blocks once the pipe is full.
    stderr.on("data", (chunk: string) => {
      text = (text + chunk).slice(-20_000);
      const found = /listening on (127\.0\.0\.1:\d+)/.exec(text);
      if (found?.[1]) resolve(found[1]);
    });
    stderr.on("end", () =>
      reject(new Error(`The image registry did not start: ${text.trim()}`)),
    );
  });
}
