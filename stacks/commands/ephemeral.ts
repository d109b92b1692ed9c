import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";

import type { Command } from "@commander-js/extra-typings";
import { ZodError } from "zod";

import {
  deriveEphemeral,
  secretKeys,
  withPlaceholders,
} from "../ephemeral/derive";
import { shareableTargets } from "../../infra";
import { isOldLock } from "../ephemeral/old-lock";
import { reapPlan } from "../ephemeral/reap-plan";
import {
  ephemeralText,
  readConfigFile,
  configPath,
} from "../ephemeral/config-file";
import { expiryTag, listStacks, readLife } from "../ephemeral/stack-life";
import { expiryAfter, parseTtl, ttlRemedy } from "../ephemeral/ttl";
import { CommandError } from "./cli/command-error";
import { root, stackFolder } from "./cli/paths";
import { examples } from "./cli/options";
import { Pulumi } from "./engine/pulumi";
import { checkedConfig } from "./stack-file/stack-config";

/** `ephemeral`: a stack like another, small and short-lived; or takes down every one whose time has come. */
export function define(command: Command): void {
  command
    .option("--from <stack>", "the stack to copy")
    .option("--name <name>", "the new stack")
    .option("--ttl <time>", "lifetime", "4h")
    .option("--owner <owner>", "owner")
    .option(
      "--copy-secrets",
      "copy settings with secrets too: the new stack then uses the old one's credentials",
    )
    .option("--up", "run `up`")
    .option("--reap", "destroy the short-lived stacks that have expired")
    .option("--dry-run", "with --reap: only print the actions")
    .addHelpText(
      "after",
      examples(
        ["npm run ephemeral -- --from aws --name pr-7", "for four hours"],
        ["npm run up -- --stack pr-7", "brings it up"],
        ["npm run ephemeral -- --reap --dry-run", "lists the expired stacks"],
      ),
    )
    .action(async (options) => {
      process.exitCode = await ephemeral(options);
    });
}

async function ephemeral(values: {
  readonly from?: string;
  readonly name?: string;
  readonly ttl: string;
  readonly owner?: string;
  readonly copySecrets?: true;
  readonly up?: true;
  readonly reap?: true;
  readonly dryRun?: true;
}): Promise<number> {
  if (values.reap) return reap(await Pulumi.resolve(), values.dryRun === true);
  const from = given("--from", values.from, "name the stack to be like");
  const name = given(
    "--name",
    values.name,
    "name the new stack, such as pr-123",
  );
  const ttl = parseTtl(values.ttl);
  if (ttl === undefined) {
    throw new CommandError(
      `--ttl: ${JSON.stringify(values.ttl)}: ${ttlRemedy}`,
    );
  }
  const expiry = expiryAfter(ttl, new Date());
  const write = plan(from, name, {
    ...{ expiry, owner: values.owner },
    copySecrets: values.copySecrets === true,
  });
  const pulumi = await Pulumi.resolve();
  await write(pulumi);
  process.stdout.write(
    `stacks/Pulumi.${name}.yaml: like ${from}, until ${expiry}; not to be committed\n`,
  );
  // This, `up` and what was spent load every target.
  const { costOfLife } =
    require("./cost/lifetime-cost") as typeof import("./cost/lifetime-cost");
  const cost = await costOfLife(name, ttl);
  if (cost !== undefined) process.stdout.write(`costs ${cost}, by then\n`);
  if (!values.up) {
    process.stdout.write(`bring it up with: npm run up -- --stack ${name}\n`);
    return 0;
  }
  const { up } = require("./up") as typeof import("./up");
  return up({ stack: name }, []);
}

function given(option: string, value: string | undefined, remedy: string) {
  if (value === undefined) {
    throw new CommandError(`${option}: missing: ${remedy}`);
  }
  return value;
}

/** Checks everything first. @returns what writes the stack's file and makes the stack. */
function plan(
  from: string,
  name: string,
  life: {
    readonly expiry: string;
    readonly owner: string | undefined;
    readonly copySecrets: boolean;
  },
): (pulumi: Pulumi) => Promise<void> {
  if (!/^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$/.test(name)) {
    throw new CommandError(
      `--name: ${JSON.stringify(name)}: use lower-case letters, digits and hyphens, at most 30, starting with a letter`,
    );
  }
  const source = readConfigFile(from);
  const existing = existsSync(configPath(name))
    ? readConfigFile(name)
    : undefined;
  if (existing && existing.config["mlstack:expiry"] === undefined) {
    throw new CommandError(
      `--name: ${JSON.stringify(name)}: a long-lived stack has that name; choose another`,
    );
  }
  const config = derive(from, source.config, life);
  const sealed = secretKeys(source.config);
  const secrets = life.copySecrets ? sealed : [];
  if (sealed.length > secrets.length) {
    process.stderr.write(
      `mlstack: not copied from ${from}, since a secret is in it: ${sealed.join(", ")}; give ${name} its own, or say --copy-secrets\n`,
    );
  }
  // Before anything is written.
  checkedConfig(name, { ...config, ...placeholders(source.config, secrets) });
  const encryption = Object.fromEntries(
    Object.entries(existing ?? {}).filter(([key]) => key !== "config"),
  );
  return async (pulumi) => {
    writeFileSync(configPath(name), ephemeralText(from, config, encryption));
    keepFromGit(name);
    if ((await listStacks(pulumi)).includes(name)) {
      await pulumi.read(["stack", "select", name]);
    } else {
      const provider = source.secretsprovider;
      await pulumi.read([
        ...["stack", "init", name],
        ...(provider ? [`--secrets-provider=${provider}`] : []),
      ]);
    }
    for (const key of secrets) {
      await pulumi.read(["config", "cp", key, "--stack", from, "--dest", name]);
    }
    await pulumi.read([
      "stack",
      "tag",
      "set",
      expiryTag,
      life.expiry,
      "--stack",
      name,
    ]);
  };
}

/** A short-lived stack's file is not to be committed; what git ignores for everybody would hide long-lived ones too. */
function keepFromGit(name: string): void {
  const line = `/stacks/Pulumi.${name}.yaml`;
  try {
    const path = execFileSync(
      "git",
      ["rev-parse", "--git-path", "info/exclude"],
      { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    ).trim();
    const file = resolve(root, path);
    const lines = existsSync(file)
      ? readFileSync(file, "utf8").split("\n")
      : [];
    if (lines.includes(line)) return;
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, `${line}\n`);
  } catch {
    // No git, or no repository of it: nothing can be committed.
  }
}

function derive(
  from: string,
  config: Readonly<Record<string, unknown>>,
  life: Parameters<typeof deriveEphemeral>[1],
) {
  try {
    return deriveEphemeral(config, life);
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    const [issue] = error.issues;
    throw new CommandError(
      `--from: ${JSON.stringify(from)}: ${issue?.path.join(".") ?? ""}: choose a stack on one of ${shareableTargets.join(", ")}, where stacks stand side by side`,
    );
  }
}

function placeholders(
  config: Readonly<Record<string, unknown>>,
  keys: string[],
) {
  return Object.fromEntries(
    keys.map((key) => [key, withPlaceholders(config[key])]),
  );
}

/** One line a stack. @returns 1 when one of them could not be taken down. */
async function reap(pulumi: Pulumi, dryRun: boolean): Promise<number> {
  const lives = [];
  for (const name of await listStacks(pulumi)) {
    lives.push(await readLife(pulumi, name));
  }
  let failed = false;
  const now = new Date();
  for (const { name, verdict, reason } of reapPlan(lives, now)) {
    const done =
      verdict === "keep"
        ? "kept"
        : verdict === "unreadable"
          ? "failed"
          : dryRun
            ? `would be taken down${await spentWords(pulumi, name, now)}`
            : await takeDown(pulumi, name, now);
    failed ||= done.startsWith("failed");
    process.stdout.write(`${name}: ${reason}: ${done}\n`);
  }
  return failed ? 1 : 0;
}

/** Destroys a stack by what its state says, which needs no file of it. @returns how that went, in a line. */
async function takeDown(
  pulumi: Pulumi,
  name: string,
  now: Date,
): Promise<string> {
  const folder = stackFolder(name);
  const log = join(folder, "reap.log");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const args = ["--stack", name, "--yes"];
    // Known from the state, which goes with the stack.
    const spent = await spentWords(pulumi, name, now);
    const destroy = () =>
      pulumi.read([
        ...["destroy", ...args, "--skip-preview", "--non-interactive"],
      ]);
    const output = await destroy().catch(async (error: unknown) => {
      if (!isOldLock(String(error), new Date())) throw error;
      await pulumi.read(["cancel", "--yes", "--stack", name]);
      return destroy();
    });
    await pulumi.read(["stack", "rm", ...args]);
    rmSync(configPath(name), { force: true });
    rmSync(folder, { recursive: true, force: true });
    const count = /- (\d+) deleted/.exec(output)?.[1] ?? "0";
    return `taken down, ${count} resources${spent}`;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    writeFileSync(log, text);
    const line = text.split("\n").find((one) => /error/i.test(one)) ?? text;
    return `failed: ${line.trim().split("\n")[0] ?? ""} (${log.slice(root.length + 1)})`;
  }
}

/** Spending of a stack as the end of a sentence; empty where unknown. */
async function spentWords(
  pulumi: Pulumi,
  stack: string,
  now: Date,
): Promise<string> {
  const { spentOn } =
    require("../ephemeral/spent") as typeof import("../ephemeral/spent");
  const spent = await spentOn(pulumi, stack, now);
  return spent === undefined ? "" : `, ${spent}`;
}
