import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { run } from "./process";
import { terminalProgress } from "./steps";
import { ensureTools } from "./toolchain/build";
import { findProgram } from "./toolchain/packages";
import { toolPath } from "./toolchain/tools";

/** A Pulumi CLI, and the variables that it needs beside those of this process. */
export interface PulumiCommand {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names of the providers that stand-ins take the place of; none where the real plugins can be had. */
  readonly standIns: readonly string[];
}

/** Providers of which airgap/providers has a stand-in: name, and the npm package whose version the plugin has. */
const STAND_INS = ["kubernetes", "kubernetes-cert-manager"] as const;

/** Folder of stand-ins for the plugins of the clouds. They make nothing: they may be on PATH for previews alone. */
export const cloudStandIns = join(__dirname, "providers/clouds/bin");

/** Oldest CLI that knows all that Pulumi.yaml says. */
const OLDEST: readonly [number, number] = [3, 200];

/** Programs of the toolchain that take the place of a CLI of one's own. */
export const PULUMI_TOOLS = ["pulumi", "pulumi-language-nodejs"] as const;

/**
 * The person's own CLI where it is new enough and can have the real plugins; else the toolchain's, built when
 * missing. Stand-ins go on PATH only for plugins that are not installed, where none can be downloaded.
 */
export async function resolvePulumi(): Promise<PulumiCommand> {
  const missing = STAND_INS.filter((name) => !pluginInstalled(name));
  const standIns =
    missing.length === 0 || (await canDownloadPlugins()) ? [] : missing;
  const own = standIns.length === 0 ? await ownPulumi() : undefined;
  if (own) return { command: own, env: {}, standIns };
  await ensureTools(PULUMI_TOOLS, terminalProgress);
  const folders = standIns.map((name) => join(__dirname, "providers", name));
  return {
    command: toolPath("pulumi"),
    env: {
      PATH: [...folders, process.env.PATH ?? ""].join(delimiter),
      // The engine would look for the plugin of every package in node_modules, and wait for each refusal.
      ...(standIns.length > 0
        ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }
        : {}),
    },
    standIns,
  };
}

/** Whether the person's own CLI will be used, so that none need be built. */
export async function hasOwnPulumi(): Promise<boolean> {
  return (
    findProgram("pulumi") !== undefined &&
    (STAND_INS.every(pluginInstalled) || (await canDownloadPlugins())) &&
    (await ownPulumi()) !== undefined
  );
}

/** Whether a version such as `v3.201.0` is new enough for Pulumi.yaml. */
export function isNewEnough(version: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(version) ?? [];
  if (!major || !minor) return false;
  return (
    Number(major) > OLDEST[0] ||
    (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1])
  );
}

async function ownPulumi(): Promise<string | undefined> {
  const path = findProgram("pulumi");
  if (!path) return undefined;
  const version = await run(path, ["version"], {
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
  }).catch(() => "");
  return isNewEnough(version) ? path : undefined;
}

function pluginInstalled(name: string): boolean {
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const manifest = join(
    dirname(require.resolve(`@pulumi/${name}`)),
    "package.json",
  );
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as {
    version: string;
  };
  return existsSync(join(home, "plugins", `resource-${name}-v${version}`));
}

/** Asks the place that Pulumi downloads plugins from; any answer will do. Without a network this fails at once. */
async function canDownloadPlugins(): Promise<boolean> {
  const url = "https://get.pulumi.com/";
  if (findProgram("curl")) {
    // curl heeds proxies and certificates of the machine, as Pulumi does.
    return run("curl", ["--silent", "--head", "--max-time", "3", url]).then(
      () => true,
      () => false,
    );
  }
  return fetch(url, { method: "HEAD", signal: AbortSignal.timeout(3000) }).then(
    () => true,
    () => false,
  );
}
