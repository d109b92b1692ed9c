import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { z } from "zod";

import { run, type RunOptions } from "../process";
import { cacheFolder } from "../toolchain/tools";
import { repositoryOf, withRegistry } from "./registry";

/** Arguments and environment of buildah on this machine, such that builds have the machine's own network access. */
export interface BuildahEnvironment {
  /** Arguments before the sub-command: where images and containers are kept. */
  readonly storage: readonly string[];
  /** Arguments of `bud`: isolation without a daemon, mounts, values of the arguments that `dockerfile` declares. */
  readonly build: readonly string[];
  /** Arguments of `push` to a registry on the loopback address. */
  readonly push: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The Dockerfile to build instead of the given one: the same, with the build's arguments declared in each stage. */
  dockerfile(text: string): string;
}

/** Arguments of a build. */
export interface ImageBuild {
  /** Name in buildah's storage, such as `docker.io/library/busybox:1.37`. */
  readonly name: string;
  readonly context: string;
  /** Path of the Dockerfile. */
  readonly dockerfile: string;
  readonly args?: Readonly<Record<string, string>>;
  /** More folders that `COPY --from=NAME` reads, by name. */
  readonly contexts?: Readonly<Record<string, string>>;
  readonly log?: string;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/** Folder in a build with the host's settings; an empty folder of that name remains in the image. */
const SETTINGS = "/run/host-build";

const OVERLAYFS_MAGIC = 0x794c7630;

/** Prepares buildah's folders and copies of the host's settings, and says how to call it. */
export function buildahEnvironment(): BuildahEnvironment {
  const home = buildahHome();
  mkdirSync(home, { recursive: true });
  const policy = join(home, "policy.json");
  const registries = join(home, "registries.conf");
  keep(policy, '{"default":[{"type":"insecureAcceptAnything"}]}\n');
  keep(registries, "unqualified-search-registries = []\n");
  const values = hostSettings(join(home, "settings"));
  const maven = join(homedir(), ".m2/settings.xml");
  return {
    storage: [
      "--root",
      join(home, "storage"),
      "--runroot",
      runFolder(home),
      "--storage-driver",
      // overlayfs does not stack on itself, as in a container.
      statfsSync(home).type === OVERLAYFS_MAGIC ? "vfs" : "overlay",
    ],
    build: [
      "--isolation=chroot",
      "--layers",
      "--force-rm",
      "--pull=false",
      `--signature-policy=${policy}`,
      `--volume=${join(home, "settings")}:${SETTINGS}:ro`,
      ...(existsSync(maven)
        ? [`--volume=${maven}:/root/.m2/settings.xml:ro`]
        : []),
      ...Object.entries(values).map(
        ([name, value]) => `--build-arg=${name}=${value}`,
      ),
    ],
    push: [
      "--tls-verify=false",
      `--signature-policy=${policy}`,
      "--format=oci",
      // Some ten times as fast as gzip, both ways, which is what counts on one machine.
      "--compression-format=zstd",
      "--compression-level=1",
    ],
    env: { CONTAINERS_REGISTRIES_CONF: registries },
    dockerfile: (text) => declareArguments(text, Object.keys(values)),
  };
}

/** Builds an image into buildah's storage; steps that were built before are taken from its layer cache. */
export async function buildImage(build: ImageBuild): Promise<void> {
  const environment = buildahEnvironment();
  const text = environment.dockerfile(readFileSync(build.dockerfile, "utf8"));
  const folder = join(cacheFolder(), "buildah", "dockerfiles");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const dockerfile = join(folder, hash);
  mkdirSync(folder, { recursive: true });
  keep(dockerfile, text);
  await removeAbandoned();
  await runBuildah(
    [
      "bud",
      ...environment.build,
      ...Object.entries(build.args ?? {}).map(
        ([name, value]) => `--build-arg=${name}=${value}`,
      ),
      ...Object.entries(build.contexts ?? {}).map(
        ([name, folder]) => `--build-context=${name}=${folder}`,
      ),
      "--file",
      dockerfile,
      "--tag",
      build.name,
      build.context,
    ],
    outcomeOf(build),
  );
}

/** Puts an image of buildah's storage under `reference` into a registry's storage folder. */
export async function pushImage(
  name: string,
  storage: string,
  reference: string,
  options: Pick<ImageBuild, "log" | "signal" | "onLine"> = {},
): Promise<void> {
  const environment = buildahEnvironment();
  const { repository, tag } = repositoryOf(reference);
  await withRegistry(storage, (address) =>
    runBuildah(
      [
        "push",
        ...environment.push,
        name,
        `docker://${address}/${repository}:${tag}`,
      ],
      outcomeOf(options),
    ),
  );
}

/**
 * Runs buildah in a mount namespace of its own, where no mount outlives it, with a folder of its own for what it
 * notes of its mounts.
 */
export async function runBuildah(
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { storage, env } = buildahEnvironment();
  const notes = mkdtempSync(join(runFolder(buildahHome()), "call-"));
  try {
    return await run(
      "unshare",
      ["--mount", "buildah", ...storage, "--runroot", notes, ...args],
      {
        name: `buildah ${args[0] ?? ""}`,
        ...options,
        env: { ...env, ...options.env },
      },
    );
  } finally {
    rmSync(notes, { recursive: true, force: true });
  }
}

/**
 * Containers of builds that were killed hold on to their layers. A container is younger than the process that builds
 * in it, so when none is at work after the containers were listed, all that were listed are abandoned.
 */
async function removeAbandoned(): Promise<void> {
  const storage = join(buildahHome(), "storage");
  const list = ["overlay", "vfs"]
    .map((driver) => join(storage, `${driver}-containers/containers.json`))
    .find((file) => existsSync(file));
  if (!list) return;
  const ids = z
    .array(z.object({ id: z.string() }))
    .nullable()
    .parse(JSON.parse(readFileSync(list, "utf8")))
    ?.map(({ id }) => id);
  if (!ids || ids.length === 0 || isAtWork(storage)) return;
  await runBuildah(["rm", ...ids]).catch(() => undefined);
}

function isAtWork(storage: string): boolean {
  return readdirSync("/proc").some((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/cmdline`, "utf8")
          .split("\0")
          .includes(storage)
      );
    } catch {
      // It ended in between.
      return false;
    }
  });
}

/** Whether buildah's storage has an image of this name. */
export async function hasImage(name: string): Promise<boolean> {
  return runBuildah(["inspect", "--type=image", name]).then(
    () => true,
    () => false,
  );
}

/** The text of a Dockerfile with `ARG` lines after each `FROM`: values reach every `RUN`, and stay out of the image. */
export function declareArguments(
  text: string,
  names: readonly string[],
): string {
  // One a line: buildah 1.28 takes only the first of a line.
  const declared = names.map((name) => `ARG ${name}`).join("\n");
  return text.replace(/^FROM\s.*$/gim, (line) => `${line}\n${declared}`);
}

/**
 * Copies of the settings by which this host reaches its package registries, and the variables that name them.
 * Certificates most of all: where a proxy signs, a build must trust what the host trusts.
 */
function hostSettings(folder: string): Record<string, string> {
  mkdirSync(folder, { recursive: true });
  const values: Record<string, string> = { DEBIAN_FRONTEND: "noninteractive" };
  const give = (host: string, name: string, variables: readonly string[]) => {
    if (!existsSync(host)) return;
    keep(join(folder, name), readFileSync(host));
    for (const variable of variables) values[variable] = `${SETTINGS}/${name}`;
  };
  for (const [name, value] of Object.entries(process.env)) {
    // Paths of this host mean nothing inside.
    if (
      /^PIP_|^UV_|^NPM_CONFIG_|^GO(PROXY|NOPROXY|PRIVATE|SUMDB|NOSUMDB)$/.test(
        name,
      ) &&
      value &&
      !value.startsWith("/")
    )
      values[name] = value;
  }
  give("/etc/pip.conf", "pip.conf", ["PIP_CONFIG_FILE"]);
  give(
    process.env.SSL_CERT_FILE ?? "/etc/ssl/certs/ca-certificates.crt",
    "ca-certificates.crt",
    [
      "PIP_CERT",
      "SSL_CERT_FILE",
      "REQUESTS_CA_BUNDLE",
      "CURL_CA_BUNDLE",
      "NODE_EXTRA_CA_CERTS",
    ],
  );
  give("/etc/ssl/certs/java/cacerts", "cacerts", []);
  if (existsSync(join(folder, "cacerts")))
    values.MAVEN_OPTS = `-Djavax.net.ssl.trustStore=${SETTINGS}/cacerts`;
  keep(join(folder, "apt.conf"), aptSettings());
  values.APT_CONFIG = `${SETTINGS}/apt.conf`;
  return values;
}

/** Writes a file unless it says so already: a build that runs may be reading it. */
function keep(path: string, content: string | Buffer): void {
  const bytes = Buffer.from(content);
  if (existsSync(path) && readFileSync(path).equals(bytes)) return;
  const half = `${path}.${process.pid}`;
  writeFileSync(half, bytes);
  renameSync(half, path);
}

/** The host's `Acquire` settings, such as a proxy or a frozen mirror. */
function aptSettings(): string {
  const folder = "/etc/apt/apt.conf.d";
  const own = existsSync(folder)
    ? readdirSync(folder).flatMap((file) =>
        readFileSync(join(folder, file), "utf8").split("\n"),
      )
    : [];
  return [
    ...own.filter((line) => /^Acquire::(?!Languages|GzipIndexes)/.test(line)),
    'Acquire::Retries "3";',
    // A build that is cut off begins its layer again, so nothing need be safe on disk before.
    'DPkg::Options { "--force-unsafe-io"; };',
    "",
  ].join("\n");
}

export function buildahHome(): string {
  return join(cacheFolder(), "buildah");
}

/** Mounts end with a boot, so what buildah notes of them must too. */
function runFolder(home: string): string {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  const name = `run-${boot.slice(0, 8)}`;
  for (const old of readdirSync(home)) {
    if (old.startsWith("run-") && old !== name)
      rmSync(join(home, old), { recursive: true, force: true });
  }
  const folder = join(home, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function outcomeOf({
  log,
  signal,
  onLine,
}: Pick<ImageBuild, "log" | "signal" | "onLine">) {
  return { log, signal, onLine };
}
