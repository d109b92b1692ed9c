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

import {
  withCacheLock,
  type Progress,
  type Step,
  type StepContext,
} from "../steps";
import { toolStepId, toolSteps } from "../toolchain/build";
import {
  CRATE_PACKAGES,
  IMAGE_PACKAGES,
  packageSteps,
  type SystemPackage,
} from "../toolchain/packages";
import { cacheFolder, findTool, toolKey, toolPath } from "../toolchain/tools";
import { buildImage, pushImage } from "./buildah";
import { makeDebianRoot } from "./debian/root";
import { registryStorage, repositoryOf, storedDigest } from "./registry";

export { buildahEnvironment, buildImage, hasImage, pushImage } from "./buildah";
export { registryStorage, storedDigest, withRegistry } from "./registry";

/** An upstream image that is made here where it cannot be pulled, under its own name. */
export interface UpstreamImage {
  readonly reference: string;
  /** Folder of the Dockerfile beside this file. */
  readonly folder: string;
  /** Program of the toolchain that the Dockerfile copies from the context `binary`. */
  readonly binary?: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly minutes: number;
}

const certManager = (component: string): UpstreamImage => ({
  reference: `quay.io/jetstack/cert-manager-${component}:v1.20.2`,
  folder: "cert-manager",
  binary: `cert-manager-${component}`,
  args: { COMPONENT: component },
  minutes: 0.1,
});

/** Base of the project's own images, and of some of these. */
export const BASE_IMAGE = "docker.io/library/debian:bookworm-slim";

/** What a cluster without a way out needs of the upstream registries. */
export const UPSTREAM_IMAGES: readonly UpstreamImage[] = [
  {
    reference: "registry.k8s.io/pause:3.10.1",
    folder: "pause",
    minutes: 0.3,
  },
  {
    reference: "registry.k8s.io/coredns/coredns:v1.13.1",
    folder: "coredns",
    binary: "coredns",
    minutes: 0.3,
  },
  {
    reference: "docker.io/rancher/local-path-provisioner:v0.0.30",
    folder: "local-path-provisioner",
    binary: "local-path-provisioner",
    minutes: 0.1,
  },
  {
    reference: "docker.io/library/busybox:1.37.0",
    folder: "busybox",
    minutes: 0.3,
  },
  certManager("controller"),
  certManager("webhook"),
  certManager("cainjector"),
  {
    reference: "ghcr.io/kubeflow/spark-operator/controller:2.4.0",
    folder: "spark-operator",
    binary: "spark-operator",
    minutes: 2,
  },
  {
    // The tag that the manifests of v1.9.4 name.
    reference: "ghcr.io/kubeflow/training-v1/training-operator:v1-93c5489",
    folder: "training-operator",
    binary: "training-operator",
    minutes: 0.1,
  },
  {
    reference: "docker.io/dxflrs/garage:v2.5.0",
    folder: "garage",
    binary: "garage",
    minutes: 0.1,
  },
];

/** Builds those of the images that the registry's storage lacks, with the programs that are in them. */
export async function ensureImages(progress: Progress): Promise<void> {
  if (missingImages().length === 0) return;
  await withCacheLock(() =>
    progress([
      ...packageSteps([...IMAGE_PACKAGES, ...cratePackages()]),
      ...toolSteps(["registry", ...missingBinaries()]),
      ...imageSteps(),
    ]),
  );
}

/** Packages that building the missing images' programs takes. */
function cratePackages(): readonly SystemPackage[] {
  const crate = missingBinaries().some(
    (name) =>
      findTool(name).source.kind === "crate" && !existsSync(toolPath(name)),
  );
  return crate ? CRATE_PACKAGES : [];
}

/** Programs that are in images not built yet. */
export function missingBinaries(): string[] {
  return missingImages().flatMap(({ binary }) => binary ?? []);
}

/** Images that are not in the registry's storage, or were made of something else. */
export function missingImages(): UpstreamImage[] {
  return UPSTREAM_IMAGES.filter(
    (image) => !isBuilt(image.reference, imageKey(image)),
  );
}

/** A step for the base image and for each missing image, after the steps that build their programs. */
export function imageSteps(): Step[] {
  const base = baseIsBuilt()
    ? []
    : [
        {
          id: BASE_STEP,
          title: `Make the base image ${BASE_IMAGE}`,
          minutes: 1.5,
          after: ["packages", toolStepId("registry")],
          run: makeBase,
        },
      ];
  return [
    ...base,
    ...missingImages().map((image) => ({
      id: `image-${image.reference.replace(/[^\w.-]+/g, "-")}`,
      title: `Make the image ${image.reference}`,
      minutes: image.minutes,
      after: [
        "packages",
        BASE_STEP,
        toolStepId("registry"),
        ...(image.binary ? [toolStepId(image.binary)] : []),
      ],
      run: (context: StepContext) => make(image, context),
    })),
  ];
}

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

/** The base is used from buildah's storage, so it must be there as well. */
function baseIsBuilt(): boolean {
  return (
    isBuilt(BASE_IMAGE, folderHash(join(__dirname, "debian"))) &&
    ["overlay-images", "vfs-images"].some((images) =>
      existsSync(join(cacheFolder(), "buildah/storage", images)),
    )
  );
}

async function make(image: UpstreamImage, context: StepContext): Promise<void> {
  const folder = join(__dirname, image.folder);
  await buildImage({
    name: image.reference,
    context: folder,
    dockerfile: join(folder, "Dockerfile"),
    args: image.args,
    contexts: image.binary ? { binary: dirname(toolPath(image.binary)) } : {},
    ...context,
  });
  await pushImage(image.reference, registryStorage(), image.reference, context);
  markBuilt(image.reference, imageKey(image));
}

/** What an image is made of: its Dockerfile, the files beside it, the version of its program. */
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
    readFileSync(note, "utf8") === `${key} ${digest}`
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
