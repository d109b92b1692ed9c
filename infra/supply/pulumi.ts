import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { answers } from "./download";
import { run } from "./process";
import { terminalProgress } from "./steps";
import { ensureTools } from "./toolchain/build";
import { findProgram } from "./toolchain/packages";
import { toolPath } from "./toolchain/tools";

/** A Pulumi CLI, and the variables that it needs beside those of this process. */
export interface PulumiCommand {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whether a plugin that is not installed cannot be downloaded. */
  readonly offline: boolean;
}

/** The provider plugin of Kubernetes, which the toolchain builds where it cannot be downloaded. */
const KUBERNETES_PLUGIN = "pulumi-resource-kubernetes";

/** Folder of the stand-in for the plugin of the cert-manager component, which registers the chart's release. */
const certManagerStandIn = join(__dirname, "plugins/kubernetes-cert-manager");

/**
 * Folders of stand-ins for the plugins of the clouds, one per target. They make nothing: they may be on PATH for previews
 * alone.
 *
 * @param kind only that of a target of this kind, since the engine warns of every plugin that it finds; all unless given
 */
export function cloudStandIns(kind?: string): readonly string[] {
  const targets = join(__dirname, "..");
  return readdirSync(targets)
    .filter((target) => kind === undefined || target === kind)
    .map((target) => join(targets, target, "bin"))
    .filter((folder) => existsSync(folder));
}

/** Oldest CLI that knows all that Pulumi.yaml says, and the replacement triggers of the jobs. */
const OLDEST: readonly [number, number] = [3, 215];

/** Programs of the toolchain that take the place of a CLI of one's own. */
export const PULUMI_TOOLS = ["pulumi", "pulumi-language-nodejs"] as const;

/** Programs of the toolchain that take the place of what Pulumi downloads. */
export const OFFLINE_TOOLS = [...PULUMI_TOOLS, KUBERNETES_PLUGIN] as const;

/**
 * The person's own CLI where it is new enough and can download plugins; else the toolchain's, built when missing, with
 * the Kubernetes plugin that the toolchain builds from the source of the same release.
 */
export async function resolvePulumi(): Promise<PulumiCommand> {
  const offline = await isOffline();
  const own = offline ? undefined : await ownPulumi();
  if (own) return { command: own, env: {}, offline };
  await ensureTools(offline ? OFFLINE_TOOLS : PULUMI_TOOLS, terminalProgress);
  if (offline) installKubernetesPlugin();
  return {
    command: toolPath("pulumi"),
    env: offline
      ? {
          PATH: [certManagerStandIn, process.env.PATH ?? ""].join(delimiter),
          // The engine would look for the plugin of every package in node_modules, and wait for each refusal.
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        }
      : {},
    offline,
  };
}

/** Programs of the toolchain that a run of Pulumi takes on this machine. */
export async function pulumiTools(): Promise<readonly string[]> {
  if (await isOffline()) return OFFLINE_TOOLS;
  return (await ownPulumi()) === undefined ? PULUMI_TOOLS : [];
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

/** Whether a plugin that is not installed cannot be downloaded, so that charts come from the mirror, too. */
export function isOffline(): Promise<boolean> {
  return (offline ??= asksOffline());
}

/** The answer, which takes seconds where a firewall drops the question: asked once, for all that need it. */
let offline: Promise<boolean> | undefined;

async function asksOffline(): Promise<boolean> {
  const downloaded = ["kubernetes", "kubernetes-cert-manager"].every(
    (name) => existsSync(pluginFolder(name)) && !isOurs(name),
  );
  return !downloaded && !(await canDownloadPlugins());
}

async function ownPulumi(): Promise<string | undefined> {
  const path = findProgram("pulumi");
  if (!path) return undefined;
  const version = await run(path, ["version"], {
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
  }).catch(() => "");
  return isNewEnough(version) ? path : undefined;
}

/** Puts the built plugin where the engine looks for installed ones; a downloaded one stays. */
function installKubernetesPlugin(): void {
  const folder = pluginFolder("kubernetes");
  const program = join(folder, KUBERNETES_PLUGIN);
  // Follows the link: one into a cache that is gone is made again.
  if (existsSync(program)) return;
  mkdirSync(folder, { recursive: true });
  rmSync(program, { force: true });
  symlinkSync(toolPath(KUBERNETES_PLUGIN), program);
}

/** Folder of an installed plugin at the version of its npm package. */
function pluginFolder(name: string): string {
  const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
  const manifest = join(
    dirname(require.resolve(`@pulumi/${name}`)),
    "package.json",
  );
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as {
    version: string;
  };
  return join(home, "plugins", `resource-${name}-v${version}`);
}

/** Whether an installed plugin is the toolchain's. */
function isOurs(name: string): boolean {
  const program = join(pluginFolder(name), `pulumi-resource-${name}`);
  return (
    lstatSync(program, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
  );
}

/** Asks the place that Pulumi downloads plugins from. */
function canDownloadPlugins(): Promise<boolean> {
  return answers("https://get.pulumi.com/");
}
