import { setTimeout as pause } from "node:timers/promises";

import pLimit from "p-limit";
import { parse } from "yaml";
import { z } from "zod";

import {
  chartIndexAddress,
  chartIndexSchema,
} from "../../infra/charts/chart-index";
import type { Index, Looked, Pin } from "./pin";
import { isNewer, newestOf, suffixOf } from "./versions";

/** Variable with the address of a mirror of all indexes, which has each behind the name of its host. */
export const indexesVariable = "MLSTACK_INDEXES";

/** For an answer of an index; some list tens of thousands of versions. */
const timeoutMilliseconds = 30_000;
const atOnce = 6;
const pagesOfTags = 20;
/** Connections to a host that may break one after another. */
const patience = 12;
const pauseMilliseconds = 200;

/** Reasons for which a host is not asked again. */
const lasting = ["ENOTFOUND", "ECONNREFUSED", "EHOSTUNREACH"];

/** Why an index did not say what the newest release is. */
class NoAnswer extends Error {}

/** Looks up every pin; one that cannot be says why. What several pins ask for is asked once. */
export async function lookUp(
  pins: readonly Pin[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<readonly Looked[]> {
  const indexes = new Indexes(env);
  const limit = pLimit(atOnce);
  return Promise.all(
    pins.map(({ index, ...pin }) =>
      limit(async (): Promise<Looked> => {
        try {
          const newest = await indexes.newest(index, pin.version);
          if (newest === undefined) throw new NoAnswer("lists no release");
          return { ...pin, newest, outdated: isNewerTag(newest, pin.version) };
        } catch (error) {
          if (!(error instanceof NoAnswer)) throw error;
          return { ...pin, cause: error.message };
        }
      }),
    ),
  );
}

function isNewerTag(newest: string, pinned: string): boolean {
  const plain = (tag: string) =>
    tag.slice(0, tag.length - suffixOf(tag).length);
  return isNewer(plain(newest), plain(pinned));
}

/** Cached answers of the projects' version indexes. */
class Indexes {
  private readonly answers = new Map<string, Promise<string>>();
  private readonly tokens = new Map<string, string>();
  /** Hosts that nobody answers for, with why: each is waited for once. */
  private readonly silent = new Map<string, string>();
  /** Connections to a host that broke since it last answered. */
  private readonly broken = new Map<string, number>();
  private readonly mirror: string | undefined;
  private readonly goProxy: string;
  private readonly npm: string;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.mirror = env[indexesVariable]?.replace(/\/$/, "");
    this.goProxy =
      env["GOPROXY"]?.split(/[,|]/).find((one) => one.startsWith("http")) ??
      "https://proxy.golang.org";
    this.npm = (
      env["npm_config_registry"] ?? "https://registry.npmjs.org"
    ).replace(/\/$/, "");
  }

  /** The newest release of what an index lists. */
  async newest(index: Index, pinned: string): Promise<string | undefined> {
    switch (index.kind) {
      case "chart":
        return index.repository.startsWith("oci://")
          ? newestOf(
              await this.tags(`${index.repository.slice(6)}/${index.chart}`),
            )
          : newestOf(await this.chart(index.repository, index.chart));
      case "image":
        return newestOf(
          await this.tags(`${index.registry}/${index.image}`),
          pinned,
        );
      case "manifests":
        return newestOf(await this.releases(index.repository));
      case "go":
        return newestOf(await this.module(index.module));
      case "npm":
        return this.distTag(index.package);
      case "python":
        return this.project(index.package);
      case "account":
        throw new NoAnswer(`wants an account: ${index.ask}`);
      default:
        return index satisfies never;
    }
  }

  private async chart(repository: string, chart: string): Promise<string[]> {
    const url = chartIndexAddress(repository);
    const answer = parsed(url, await this.get(url));
    const { entries } = read(chartIndexSchema, url, answer);
    const versions = entries[chart];
    if (!versions) throw new NoAnswer(`${url}: has no chart ${chart}`);
    return versions.map(({ version }) => version);
  }

  /** Releases of a repository of GitHub; its tags where it makes none. */
  private async releases(repository: string): Promise<string[]> {
    const path = new URL(repository).pathname.replace(/\.git$/, "");
    const url = `https://api.github.com/repos${path}/releases?per_page=100`;
    const schema = z.array(
      z.looseObject({
        tag_name: z.string(),
        prerelease: z.boolean().default(false),
      }),
    );
    const releases = read(schema, url, parsed(url, await this.get(url)))
      .filter(({ prerelease }) => !prerelease)
      .map(({ tag_name }) => tag_name);
    if (releases.length > 0) return releases;
    const tags = `https://api.github.com/repos${path}/tags?per_page=100`;
    return read(
      z.array(z.looseObject({ name: z.string() })),
      tags,
      parsed(tags, await this.get(tags)),
    ).map(({ name }) => name);
  }

  /** Releases of a module but those that its newest one has taken back. */
  private async module(module: string): Promise<string[]> {
    // Upper-case letters are written as `!` and the lower-case one.
    const path = module.replace(
      /[A-Z]/g,
      (letter) => `!${letter.toLowerCase()}`,
    );
    const versions = `${this.goProxy}/${path}/@v`;
    const list = await this.get(`${versions}/list`);
    // Versions marked incompatible were released before the project adopted modules.
    const releases = list
      .split("\n")
      .filter((version) => /^v[\d.]+$/.test(version));
    const newest = newestOf(releases);
    if (newest === undefined) return [];
    const retracted = retractionsIn(
      await this.get(`${versions}/${newest}.mod`),
    );
    return releases.filter(
      (version) =>
        !retracted.some(
          ([from, to]) =>
            version === from ||
            version === to ||
            (isNewer(version, from) && isNewer(to, version)),
        ),
    );
  }

  private async distTag(name: string): Promise<string> {
    const url = `${this.npm}/${name.replace("/", "%2f")}`;
    const schema = z.looseObject({
      "dist-tags": z.looseObject({ latest: z.string() }),
    });
    const accept = "application/vnd.npm.install-v1+json";
    const body = parsed(url, await this.get(url, { accept }));
    return read(schema, url, body)["dist-tags"].latest;
  }

  private async project(name: string): Promise<string> {
    const url = `https://pypi.org/pypi/${name}/json`;
    const schema = z.looseObject({
      info: z.looseObject({ version: z.string() }),
    });
    return read(schema, url, parsed(url, await this.get(url))).info.version;
  }

  /** Tags of an image, by the interface that every registry has. */
  private async tags(reference: string): Promise<string[]> {
    const [host = "", ...path] = reference.split("/");
    const registry = host === "docker.io" ? "registry-1.docker.io" : host;
    const schema = z.looseObject({ tags: z.array(z.string()).nullish() });
    const all: string[] = [];
    let url: string | undefined =
      `https://${registry}/v2/${path.join("/")}/tags/list?n=1000`;
    for (let page = 0; url !== undefined && page < pagesOfTags; page += 1) {
      const { tags }: z.output<typeof schema> = read(
        schema,
        url,
        parsed(url, await this.get(url)),
      );
      all.push(...(tags ?? []));
      const last: string | undefined = tags?.at(-1);
      // Registries that page say so by a page that is full.
      url =
        last !== undefined && (tags?.length ?? 0) >= 1000
          ? `https://${registry}/v2/${path.join("/")}/tags/list?n=1000&last=${encodeURIComponent(last)}`
          : undefined;
    }
    return all;
  }

  /** The text at an address, asked for once. @throws {NoAnswer} */
  private get(
    url: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const known = this.answers.get(url);
    if (known) return known;
    const asked = this.fetch(url, headers);
    this.answers.set(url, asked);
    return asked;
  }

  private async fetch(
    url: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<string> {
    const { host, pathname } = new URL(url);
    const token = this.tokens.get(`${host}${pathname}`);
    const response = await this.ask(url, {
      "user-agent": "mlstack",
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    });
    if (response.status === 401 && token === undefined) {
      const found = await this.token(response.headers.get("www-authenticate"));
      if (found !== undefined) {
        this.tokens.set(`${host}${pathname}`, found);
        return this.fetch(url, headers);
      }
    }
    if (!response.ok) {
      throw new NoAnswer(
        `${host}${pathname}: ${response.status} ${response.statusText}`.trim(),
      );
    }
    return response.text();
  }

  /** Asks again where a connection broke; who is not there, or breaks one after another, is not asked any more. @throws {NoAnswer} */
  private async ask(
    url: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const { host } = new URL(url);
    for (;;) {
      const silence = this.silent.get(host);
      if (silence !== undefined) throw new NoAnswer(silence);
      try {
        const response = await fetch(this.placed(url), {
          headers,
          signal: AbortSignal.timeout(timeoutMilliseconds),
        });
        this.broken.delete(host);
        return response;
      } catch (error) {
        const reason = reasonOf(error);
        const broken = (this.broken.get(host) ?? 0) + 1;
        this.broken.set(host, broken);
        if (lasting.includes(reason) || broken >= patience) {
          this.silent.set(host, `${host} does not answer: ${reason}`);
        }
        await pause(pauseMilliseconds);
      }
    }
  }

  /** A registry's token for anybody, from where its challenge says. */
  private async token(challenge: string | null): Promise<string | undefined> {
    if (challenge === null || !/^bearer/i.test(challenge)) return undefined;
    const words = Object.fromEntries(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [
        key,
        value,
      ]),
    ) as Record<string, string>;
    if (!words["realm"]) return undefined;
    const url = new URL(words["realm"]);
    for (const key of ["service", "scope"]) {
      const value = words[key];
      if (value !== undefined) url.searchParams.set(key, value);
    }
    const body = parsed(url.href, await this.get(url.href));
    const schema = z.looseObject({
      token: z.string().optional(),
      access_token: z.string().optional(),
    });
    const { token, access_token } = read(schema, url.href, body);
    return token ?? access_token;
  }

  private placed(url: string): string {
    return this.mirror === undefined
      ? url
      : `${this.mirror}/${url.replace(/^https?:\/\//, "")}`;
  }
}

/** Versions that a go.mod takes back, from the first to the last of each range. @see https://go.dev/ref/mod#go-mod-file-retract */
function retractionsIn(goMod: string): (readonly [string, string])[] {
  const plain = goMod.replace(/\/\/.*$/gm, "");
  const lines = [
    ...[...plain.matchAll(/^retract\s*\(([^)]*)\)/gm)].flatMap(([, block]) =>
      (block ?? "").split("\n"),
    ),
    ...[...plain.matchAll(/^retract\s+([v[].*)$/gm)].map(
      ([, line]) => line ?? "",
    ),
  ];
  return lines.flatMap((line) => {
    const [from, to] = line.match(/v[^\s,\]]+/g) ?? [];
    return from === undefined ? [] : [[from, to ?? from] as const];
  });
}

function parsed(url: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: -1 }) as unknown;
  } catch {
    throw new NoAnswer(`${new URL(url).host}: answers with what is no index`);
  }
}

function read<Schema extends z.ZodType>(
  schema: Schema,
  url: string,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) {
    throw new NoAnswer(`${new URL(url).host}: answers with what is no index`);
  }
  return result.data;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return error.name === "TimeoutError" ? "timed out" : error.message;
}
