import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import type { Part, Parts } from "../../../infra/supply/images/catalogue";
import { CommandError } from "../cli/command-error";
import { root } from "../cli/paths";

// Anything else is the program's to refuse.
const on = z.literal(true).optional().catch(undefined);

const stackFile = z.object({
  secretsprovider: z.string().optional(),
  encryptionsalt: z.string().optional(),
  config: z.looseObject({
    "mlstack:target": z.looseObject({ kind: z.string() }).optional(),
    "mlstack:lifetime": z.string().optional(),
    "mlstack:kubeflow": z
      .looseObject({ trainingOperator: on, kserve: on })
      .prefault({}),
    "mlstack:observability": z.looseObject({ enabled: on }).prefault({}),
  }),
});

/** Settings of a stack that commands read before the program runs; the program validates the rest. */
export interface StackFile {
  readonly name: string;
  readonly path: string;
  /** Kind of the target; the program says what is wrong with one that it does not know. */
  readonly kind: string | undefined;
  /** Whether it runs on this machine, so that what that needs is built first. */
  readonly embedded: boolean;
  /** Optional features of the stack whose parts are built on this machine. */
  readonly parts: Parts;
  /** Whether it may come and go without being asked about. */
  readonly shortLived: boolean;
  /** Secrets provider by the file: a key service, a passphrase, or else the back end's default. */
  readonly secrets: "provider" | "passphrase" | undefined;
}

/** Reads a stack's file. @throws {CommandError} when there is none, naming those that there are. */
export function readStackFile(stack: string): StackFile {
  const path = join(root, `stacks/Pulumi.${stack}.yaml`);
  if (!existsSync(path)) {
    throw new CommandError(
      `--stack: ${JSON.stringify(stack)}: no such stack; choose one of ${stackNames().join(", ")}`,
    );
  }
  const parsed = stackFile.safeParse(parse(readFileSync(path, "utf8")));
  const config = parsed.data?.config;
  const kind = config?.["mlstack:target"]?.kind;
  const { secretsprovider, encryptionsalt } = parsed.data ?? {};
  return {
    name: stack,
    path,
    kind,
    embedded: kind === "local",
    parts: partsOf({
      training: config?.["mlstack:kubeflow"].trainingOperator,
      serving: config?.["mlstack:kubeflow"].kserve,
      observability: config?.["mlstack:observability"].enabled,
    }),
    shortLived: config?.["mlstack:lifetime"] === "short",
    secrets:
      secretsprovider !== undefined &&
      !["passphrase", "default"].includes(secretsprovider)
        ? "provider"
        : secretsprovider === "passphrase" || encryptionsalt !== undefined
          ? "passphrase"
          : undefined,
  };
}

function partsOf(wanted: Readonly<Record<Part, true | undefined>>): Parts {
  return new Set(
    (Object.keys(wanted) as Part[]).filter((part) => wanted[part]),
  );
}

/** Stacks that have a file. */
export function stackNames(): string[] {
  return readdirSync(join(root, "stacks")).flatMap((file) => {
    const name = /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1];
    return name === undefined ? [] : [name];
  });
}
