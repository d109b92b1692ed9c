import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { run, type RunOptions } from "./process";
import { findProgram } from "./toolchain/packages";

/**
 * Environment variable that names a mirror of the releases: `https://dl.k8s.io/v1/file` is asked for at
 * `<mirror>/dl.k8s.io/v1/file`.
 */
export const releasesVariable = "MLSTACK_RELEASES";

/** Address of a download: at the mirror of the releases, if one is configured. */
export function releaseAddress(url: string): string {
  const mirror = process.env[releasesVariable];
  return mirror
    ? `${mirror.replace(/\/+$/, "")}/${url.replace(/^https:\/\//, "")}`
    : url;
}

/** Whether anything answers at an address, were it a refusal; without a network this is known at once. */
export function answers(url: string): Promise<boolean> {
  return succeeds(url, ["--head"], { method: "HEAD" }, () => true);
}

/** Whether there is a file at an address. */
export function isServed(url: string): Promise<boolean> {
  return succeeds(
    url,
    ["--head", "--fail", "--location"],
    { method: "HEAD" },
    ({ ok }) => ok,
  );
}

async function succeeds(
  url: string,
  args: readonly string[],
  request: RequestInit,
  judge: (response: Response) => boolean,
): Promise<boolean> {
  // curl heeds proxies and certificates of the machine, as Pulumi does.
  if (findProgram("curl"))
    return run("curl", ["--silent", "--max-time", "5", ...args, url]).then(
      () => true,
      () => false,
    );
  return fetch(url, { ...request, signal: AbortSignal.timeout(5000) }).then(
    judge,
    () => false,
  );
}

/** Fetches a file. @throws {Error} with the address and what it answered */
export async function download(
  url: string,
  path: string,
  { log, signal }: Pick<RunOptions, "log" | "signal">,
): Promise<void> {
  if (findProgram("curl")) {
    await run(
      "curl",
      [
        ...["--fail", "--location", "--silent", "--show-error"],
        ...["--connect-timeout", "10", "--retry", "2", "--output", path, url],
      ],
      { log, signal, name: `fetching ${url}` },
    );
    return;
  }
  const response = await fetch(url, { signal });
  if (!response.ok || !response.body)
    throw new Error(`fetching ${url}: ${response.status}`);
  await pipeline(
    Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]),
    createWriteStream(path),
  );
}
