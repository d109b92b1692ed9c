import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { run } from "../process";
import type { Step, StepContext } from "../step";
import { toolStepId } from "../toolchain/build";
import { cacheFolder, findTool, toolKey, toolPath } from "../toolchain/tools";
import { buildImage, pushImage } from "./buildah";
import {
  BASE_IMAGE,
  UPSTREAM_IMAGES,
  type Parts,
  type UpstreamImage,
} from "./catalogue";
import { makeDebianRoot } from "./debian/root";
import { registryStorage, repositoryOf, storedDigest } from "./registry";
import { pullImage, reachableRegistries, registryOf } from "./upstream";

export { buildahEnvironment, buildImage, hasImage, pushImage } from "./buildah";
export { registryStorage, storedDigest, withRegistry } from "./registry";

/** Purpose of the images, and registries that already have them. */
export interface ImageMeans {
  readonly parts: Parts;
  /** Image registries that answer. */
  readonly reachable: ReadonlySet<string>;
}

/** Registries from which missing images can be pulled, so that they need not be made. */
export async function reachableUpstream(
  parts: Parts,
): Promise<ReadonlySet<string>> {
  return reachableRegistries(withBase(missingImages(parts)));
}

/** Programs that are in missing images which cannot be pulled. */
export function missingBinaries(means: ImageMeans): string[] {
  return suppliedImages(means).flatMap(({ reference, binary }) =>
    binary && !means.reachable.has(registryOf(reference)) ? [binary] : [],
  );
}

/** Program that pulls missing images. */
export function pullers(means: ImageMeans): string[] {
  return suppliedReferences(means).some((image) =>
    means.reachable.has(registryOf(image)),
  )
    ? ["crane"]
    : [];
}

/** Whether an image is missing that must be made, since its registry does not answer. */
export function mustMake(means: ImageMeans): boolean {
  return suppliedReferences(means).some(
    (image) => !means.reachable.has(registryOf(image)),
  );
}

function suppliedReferences(means: ImageMeans): string[] {
  return withBase(suppliedImages(means));
}

function withBase(images: readonly UpstreamImage[]): string[] {
  const references = images.map(({ reference }) => reference);
  return baseIsBuilt() ? references : [BASE_IMAGE, ...references];
}

/** Missing images, without those that only builds need and that builders pull by themselves. */
function suppliedImages({ parts, reachable }: ImageMeans): UpstreamImage[] {
  return missingImages(parts).filter(
    ({ go, reference }) => !(go && reachable.has(registryOf(reference))),
  );
}

/** Images that are not in the registry's storage, or were made of something else. */
export function missingImages(parts: Parts): UpstreamImage[] {
  return neededImages(parts).filter(
    (image) =>
      !isBuilt(image.reference, imageKey(image)) ||
      (image.go === true && !builderHasImages()),
  );
}

/** Images that stacks with these parts run. */
export function neededImages(parts: Parts): UpstreamImage[] {
  return UPSTREAM_IMAGES.filter(
    ({ part }) => part === undefined || parts.has(part),
  );
}

/** A step for the base image and for each missing image, after the steps that build their programs. */
export function imageSteps(means: ImageMeans): Step[] {
  const { reachable } = means;
  const steps = suppliedImages(means).map((image) =>
    reachable.has(registryOf(image.reference))
      ? pullStep(image.reference)
      : makeStep(image),
  );
  if (baseIsBuilt()) return steps;
  return [
    reachable.has(registryOf(BASE_IMAGE))
      ? { ...pullStep(BASE_IMAGE), id: BASE_STEP }
      : {
          id: BASE_STEP,
          title: `Make the base image ${BASE_IMAGE}`,
          minutes: 1.5,
          gibibytes: 0.5,
          after: ["packages", toolStepId("registry")],
          run: makeBase,
        },
    ...steps,
  ];
}

function makeStep(image: UpstreamImage): Step {
  return {
    id: imageStepId(image.reference),
    title: `Make the image ${image.reference}`,
    minutes: image.minutes,
    gibibytes: image.go ? 1 : 0.2,
    needsGo: image.go,
    after: [
      "packages",
      BASE_STEP,
      toolStepId("registry"),
      ...(image.binary ? [toolStepId(image.binary)] : []),
    ],
    run: (context) => make(image, context),
  };
}

function pullStep(reference: string): Step {
  return {
    id: imageStepId(reference),
    title: `Pull the image ${reference}`,
    minutes: 0.3,
    gibibytes: 0.2,
    after: [toolStepId("registry"), toolStepId("crane")],
    run: async (context) => {
      await pullImage(reference, registryStorage(), context);
      markBuilt(reference, PULLED);
    },
  };
}

function imageStepId(reference: string): string {
  return `image-${reference.replace(/[^\w.-]+/g, "-")}`;
}

/** In the place of a key: the image is upstream's own, whatever our Dockerfile says. */
const PULLED = "pulled";

const BASE_STEP = "image-debian";

async function makeBase(context: StepContext): Promise<void> {
  const folder = join(cacheFolder(), "work", "debian");
  mkdirSync(folder, { recursive: true });
  await makeDebianRoot(folder, context);
  await buildImage({
    name: BASE_IMAGE,
    context: folder,
    dockerfile: join(__dirname, "debian", "Dockerfile"),
    ...context,
  });
  await pushImage(BASE_IMAGE, registryStorage(), BASE_IMAGE, context);
  rmSync(folder, { recursive: true });
  markBuilt(BASE_IMAGE, folderHash(join(__dirname, "debian")));
}

/** Image builds take the base from buildah's storage, so a base that was built must be there as well. */
function baseIsBuilt(): boolean {
  return (
    isBuilt(BASE_IMAGE, folderHash(join(__dirname, "debian"))) &&
    (readFileSync(notePath(BASE_IMAGE), "utf8").startsWith(`${PULLED} `) ||
      builderHasImages())
  );
}

function builderHasImages(): boolean {
  return ["overlay-images", "vfs-images"].some((images) =>
    existsSync(join(cacheFolder(), "buildah/storage", images)),
  );
}

async function make(image: UpstreamImage, context: StepContext): Promise<void> {
  const folder = join(__dirname, image.folder);
  await buildImage({
    name: image.reference,
    context: folder,
    dockerfile: join(folder, "Dockerfile"),
    args: image.args,
    contexts: {
      ...(image.binary ? { binary: dirname(toolPath(image.binary)) } : {}),
      ...(image.go ? { go: await copyGo(context) } : {}),
    },
    ...context,
  });
  if (image.go) rmSync(goCopy(), { recursive: true });
  await pushImage(image.reference, registryStorage(), image.reference, context);
  markBuilt(image.reference, imageKey(image));
}

const goCopy = () => join(cacheFolder(), "work", "golang");

/** Copies this machine's Go, of which distributions keep parts in other folders behind links. @returns its folder */
async function copyGo({ log, signal }: StepContext): Promise<string> {
  const root = await run("go", ["env", "GOROOT"], { log, signal });
  rmSync(goCopy(), { recursive: true, force: true });
  mkdirSync(dirname(goCopy()), { recursive: true });
  await run("cp", ["-rL", root.trim(), goCopy()], { log, signal });
  return goCopy();
}

/** Inputs of an image: its Dockerfile, the files beside it, the version of its program. */
function imageKey({ folder, binary, args }: UpstreamImage): string {
  const hash = createHash("sha256")
    .update(folderHash(join(__dirname, folder)))
    .update(JSON.stringify([args, binary && toolKey(findTool(binary))]));
  return hash.digest("hex").slice(0, 16);
}

function folderHash(folder: string): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(folder).sort()) {
    const path = join(folder, file);
    if (statSync(path).isFile()) hash.update(file).update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 16);
}

/** The note says which digest came of which key, so that neither a changed Dockerfile nor a pruned registry goes unseen. */
function isBuilt(reference: string, key: string): boolean {
  const note = notePath(reference);
  const digest = storedDigest(registryStorage(), reference);
  return (
    digest !== undefined &&
    existsSync(note) &&
    [key, PULLED].some(
      (made) => readFileSync(note, "utf8") === `${made} ${digest}`,
    )
  );
}

function markBuilt(reference: string, key: string): void {
  const digest = storedDigest(registryStorage(), reference);
  const note = notePath(reference);
  mkdirSync(dirname(note), { recursive: true });
  writeFileSync(note, `${key} ${digest}`);
}

function notePath(reference: string): string {
  const { repository, tag } = repositoryOf(reference);
  return join(
    cacheFolder(),
    "images",
    `${repository.replaceAll("/", "_")}-${tag}`,
  );
}
