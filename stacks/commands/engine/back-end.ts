import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { CommandError } from "../cli/command-error";
import { machineHasStack, openMachineState } from "./machine-state";
import type { StackFile } from "../stack-file/stack-file";

/** Settings that determine a stack's state back end. */
export type KeptStack = Pick<
  StackFile,
  "name" | "embedded" | "shortLived" | "secrets"
>;

/** Back end of a stack's state, and the encryption of its secrets. */
export interface BackEnd {
  /** Folder of this machine's file back end, where the state lies there. */
  readonly folder?: string;
  /** Variables for Pulumi; one that is undefined is not passed on. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const passphrases = [
  "PULUMI_CONFIG_PASSPHRASE",
  "PULUMI_CONFIG_PASSPHRASE_FILE",
] as const;

/**
 * Back end of a stack. An embedded one belongs to the machine, as its cluster does, whatever the person is logged in to.
 * Any other is in the person's own back end where they have one.
 *
 * @param stack undefined for what is about no stack
 */
export function backEndOf(stack: KeptStack | undefined): BackEnd {
  if (stack?.embedded) {
    const folder = openMachineState();
    return {
      folder,
      env: {
        PULUMI_BACKEND_URL: `file://${folder}`,
        // The folder's mode guards the state; the stack's file holds no secret.
        PULUMI_CONFIG_PASSPHRASE: "",
        PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
      },
    };
  }
  if (ownBackEnd() !== undefined) return { env: {} };
  const folder = openMachineState();
  return {
    folder,
    env: {
      PULUMI_BACKEND_URL: `file://${folder}`,
      ...(hasPassphrase() ? {} : { PULUMI_CONFIG_PASSPHRASE: "" }),
    },
  };
}

/**
 * Refuses to keep a long-lived stack where it is lost with the machine, or readable by anyone who can read the back end.
 *
 * @param localState whether the person said that this machine's state is what they want
 * @throws {CommandError} with the lines to do instead
 */
export function refuseWeakBackEnd(stack: KeptStack, localState: boolean): void {
  if (stack.embedded || stack.shortLived) return;
  const own = ownBackEnd();
  if (own === undefined) {
    if (localState || machineHasStack(stack.name)) return;
    throw new CommandError(
      `stack ${stack.name}: long-lived, and no back end is chosen: its state would be on this machine alone; choose one with \`npm run pulumi -- login s3://...\` (or gs://, azblob://, https://), or say --local-state`,
    );
  }
  if (takesPassphrase(stack, own) && passphrase() === "") {
    throw new CommandError(
      `stack ${stack.name}: long-lived, and its passphrase is empty: whoever reads ${new URL(own).protocol}// has its secrets; set PULUMI_CONFIG_PASSPHRASE_FILE to a file with a passphrase, and for a stack that is there already run \`npm run pulumi -- stack change-secrets-provider passphrase --stack ${stack.name}\` first`,
    );
  }
}

/** Asks for the passphrase before a command that cannot ask for it. @throws {CommandError} where it is needed and missing */
export function requirePassphrase(stack: KeptStack): void {
  const own = stack.embedded ? undefined : ownBackEnd();
  if (own === undefined || hasPassphrase() || !takesPassphrase(stack, own)) {
    return;
  }
  throw new CommandError(
    `PULUMI_CONFIG_PASSPHRASE: missing: the secrets of stack ${stack.name} are encrypted by a passphrase; set it, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it`,
  );
}

/** Whether anyone who has a stack's file can read its secrets. */
export function hasEmptyPassphrase(stack: KeptStack): boolean {
  if (stack.secrets === "provider") return false;
  const own = stack.embedded ? undefined : ownBackEnd();
  if (own !== undefined) {
    return takesPassphrase(stack, own) && passphrase() === "";
  }
  return stack.embedded || (passphrase() ?? "") === "";
}

/** URL of the back end that a person has chosen, if there is one. */
function ownBackEnd(): string | undefined {
  const { PULUMI_BACKEND_URL: url, PULUMI_ACCESS_TOKEN: token } = process.env;
  if (url !== undefined && url !== "") return url;
  return (
    loginUrl() ??
    (token === undefined || token === "" ? undefined : "https://app.pulumi.com")
  );
}

const credentialsSchema = z.looseObject({ current: z.string().optional() });

function loginUrl(): string | undefined {
  const file = join(
    process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"),
    "credentials.json",
  );
  if (!existsSync(file)) return undefined;
  const { current } = credentialsSchema.parse(
    parse(readFileSync(file, "utf8")),
  );
  return current === "" ? undefined : current;
}

/** Whether a passphrase encrypts the secrets: not where a key of a cloud, or Pulumi's own service, does. */
function takesPassphrase({ secrets }: KeptStack, url: string): boolean {
  if (secrets === "provider") return false;
  return secrets === "passphrase" || !/^https?:/.test(url);
}

/** Whether the person has set a passphrase, be it an empty one. */
export function hasPassphrase(): boolean {
  return passphrases.some((name) => process.env[name] !== undefined);
}

/** The passphrase that Pulumi will use; the variable precedes the file. */
function passphrase(): string | undefined {
  const [own, file] = passphrases.map((name) => process.env[name]);
  if (own !== undefined) return own;
  return file !== undefined && existsSync(file)
    ? readFileSync(file, "utf8").trim()
    : undefined;
}
