import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";

import limit from "p-limit";
import { z } from "zod";

import { storedDigest } from "../supply/images/registry";
import { run } from "../supply/process";
import { cacheFolder } from "../supply/toolchain/tools";
import { contextFiles, contextHash, imageTag } from "../image-context";
import type { Problem } from "../problem";
import { findBuilder, type Build } from "./image-builder";
import type { Context, ResourceKind } from "./resource";

const schema = z.strictObject({
  image: z.string().regex(/^[a-z0-9]+([._/-][a-z0-9]+)*$/, {
    message: "use lower-case letters, digits and single . _ - / between them",
  }),
  context: z.string().min(1),
  dockerfile: z.string().min(1),
  include: z.array(z.string().min(1)).optional(),
  files: z.record(z.string(), z.string()).optional(),
  args: z.record(z.string(), z.string()).optional(),
  /** Hash of the files. A changed file changes this input, and so the resource. */
  contentHash: z.string().min(1),
  prefix: z.string().min(1),
  /** Folder of a registry's file-system driver to push to, where no registry runs yet. */
  storage: z.string().min(1).optional(),
  /** Command that gives the nodes an image, `{image}`, in place of a push. */
  load: z.string().min(1).optional(),
});

type Inputs = z.output<typeof schema>;

interface Outs {
  readonly ref: string;
}

/** An image in the target's registry. Deleting it removes nothing: it is a cache, and another stack may use it. */
export const image: ResourceKind<Inputs, Outs> = {
  type: "mlstack:index:Image",
  schema,
  check: checkFiles,
  // Every change is made by building another tag beside the old one.
  diff: (_id, { ref }, _olds, { storage }) => ({
    update: Object.keys(schema.shape),
    drifted: storage && !storedDigest(storage, ref) ? ["ref"] : [],
  }),
  preview: (inputs) => ({ ref: referenceOf(inputs) }),
  create: async (inputs, context) => ({
    id: inputs.image,
    outs: { ref: await ensure(inputs, context) },
  }),
  update: async (_id, _outs, inputs, context) => ({
    outs: { ref: await ensure(inputs, context) },
  }),
};

/** `<prefix>/<image>:<hash of what it is made of>`. */
export function referenceOf({
  prefix,
  image: name,
  contentHash,
  args = {},
}: Inputs): string {
  return `${prefix}/${name}:${imageTag(contentHash, args)}`;
}

function checkFiles(inputs: Inputs): Problem[] {
  try {
    const found = contextHash(inputs);
    return found === inputs.contentHash
      ? []
      : [
          {
            path: "contentHash",
            value: inputs.contentHash,
            remedy: "the files have changed since; run the command again",
          },
        ];
  } catch (error) {
    return [
      {
        path: "context",
        value: inputs.context,
        remedy: error instanceof Error ? error.message : String(error),
      },
    ];
  }
}

/** More builds at once would but take turns at the machine's cores and its disk. */
const most = Math.max(2, Math.floor(availableParallelism() / 2));
const inTurn = limit(most);

/** Images that are being made or wait for it, by reference: several resources may stand for one. */
const underWay = new Map<string, Promise<void>>();

async function ensure(inputs: Inputs, context: Context): Promise<string> {
  const reference = referenceOf(inputs);
  if (inputs.storage && storedDigest(inputs.storage, reference))
    return reference;
  let work = underWay.get(reference);
  if (work) {
    context.log(`waits for ${reference}, which is being made`);
  } else {
    if (inTurn.activeCount === most) context.log("waits for other images");
    work = inTurn(() => make(inputs, reference, context)).finally(() =>
      underWay.delete(reference),
    );
    underWay.set(reference, work);
  }
  await work;
  return reference;
}

async function make(
  inputs: Inputs,
  reference: string,
  context: Context,
): Promise<void> {
  const log = join(
    cacheFolder(),
    "logs",
    `image-${inputs.image.replaceAll("/", "-")}-${reference.slice(-16)}.log`,
  );
  rmSync(log, { force: true });
  const build: Build = {
    reference,
    context: mkdtempSync(join(tmpdir(), "mlstack-image-")),
    dockerfile: inputs.dockerfile,
    args: inputs.args ?? {},
    storage: inputs.storage,
    bases: Object.values(inputs.args ?? {}).filter((value) =>
      value.startsWith(`${inputs.prefix}/`),
    ),
    log,
    signal: context.signal,
    onLine: (line) => {
      if (/^(STEP|Step|#\d+ \[)/.test(line)) context.log(line.slice(0, 100));
    },
  };
  try {
    const builder = await findBuilder(inputs.storage !== undefined);
    const { load, storage } = inputs;
    // Whether nodes still have what was loaded, nobody tells.
    if (!storage && !load && (await builder.exists(build))) return;
    for (const [name, file] of contextFiles(inputs)) {
      mkdirSync(dirname(join(build.context, name)), { recursive: true });
      copyFileSync(file, join(build.context, name));
    }
    context.log(`builds ${reference} with ${builder.name}; log: ${log}`);
    await builder.build(build);
    if (load) {
      context.log(`loads ${reference}`);
      const line = load.replaceAll("{image}", reference);
      await run("sh", ["-c", line], {
        name: line,
        log,
        signal: context.signal,
      });
    } else {
      context.log(`pushes ${reference}`);
      await builder.push(build);
    }
  } finally {
    rmSync(build.context, { recursive: true, force: true });
  }
}
