import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type * as pulumi from "@pulumi/pulumi";

import { Image } from "../../infra/image";
import { contextFiles, type ImageContext } from "../../infra/image-context";
import type { ImageRegistry } from "../../infra/platform";
import { imageBases, type StepImage } from "../schema/image";
import { workloadFile } from "../schema/names";
import type { Step } from "../schema/step";

/** Folder of a workload's code in the image. */
export const codeFolder = "/opt/workload";

/** Name of the requirements in the context of a build. */
const requirementsFile = "mlstack-requirements.txt";

const noRequirements = "workloads/images/own-python/no-requirements.txt";

/** Folder of the platform's own packages in the context of a build. */
const packagesFolder = "mlstack-packages";

interface Packages {
  readonly APT?: string;
  readonly PIP?: string;
}

/** Packages of Debian and of PyPI that make a framework; PyPI's PyTorch brings CUDA along. */
const frameworks: Readonly<
  Record<
    Exclude<(typeof imageBases)[number], "spark">,
    { readonly cpu: Packages; readonly gpu: Packages }
  >
> = {
  python: { cpu: {}, gpu: {} },
  // Requirements from the mlstack_pipelines package are added.
  pipeline: { cpu: {}, gpu: {} },
  pytorch: {
    cpu: { APT: "python3-torch" },
    gpu: { PIP: "torch==2.9.1 numpy==2.3.5" },
  },
  tensorflow: {
    cpu: { PIP: "tensorflow-cpu==2.21.0" },
    gpu: { PIP: "tensorflow[and-cuda]==2.21.0" },
  },
  xgboost: {
    cpu: {
      APT: "libgomp1",
      PIP: "xgboost-cpu==3.2.0 numpy==2.3.5 scipy==1.16.3",
    },
    gpu: { APT: "libgomp1", PIP: "xgboost==3.2.0 numpy==2.3.5 scipy==1.16.3" },
  },
};

/** Packages of the platform's own, by where they lie, and the file of what each needs. */
const ownPackages = {
  mlstack_features: {
    folder: "workloads/features/python",
    requirements: "workloads/features/python/requirements.txt",
  },
  mlstack_pipelines: {
    folder: "workloads/pipelines",
    requirements: "workloads/pipelines/requirements.txt",
  },
} as const;

/** Context of a team's image: {@link ImageContext}, and the arguments of the build. */
export interface OwnImageContext extends ImageContext {
  readonly args: Readonly<Record<string, string>>;
  /** Whether it is made from the platform's image of Spark. */
  readonly onSpark: boolean;
}

/** Build context of a step's image; undefined for an existing image, which is used unchanged. */
export function ownImageContext(
  folder: string,
  step: Step,
): OwnImageContext | undefined {
  const { image } = step;
  if ("ref" in image) return undefined;
  if ("dockerfile" in image)
    return {
      context: join(folder, image.context),
      dockerfile: join(folder, image.dockerfile),
      args: image.args,
      onSpark: image.spark === true,
    };
  const requirements =
    image.requirements === undefined
      ? noRequirements
      : join(folder, image.requirements);
  const packages = [
    ...(image.features === true ? (["mlstack_features"] as const) : []),
    ...(image.base === "pipeline" ? (["mlstack_pipelines"] as const) : []),
  ];
  const code = typeof image.code === "string" ? image.code : ".";
  const context = {
    context: folder,
    include:
      typeof image.code !== "string"
        ? image.code
        : code === "."
          ? ownEntries(folder)
          : [code],
    files: {
      [requirementsFile]: requirements,
      ...Object.fromEntries(packages.flatMap(packageFiles)),
    },
  };
  if (image.base === "spark")
    return {
      ...context,
      dockerfile: "workloads/images/own-spark/Dockerfile",
      args: { CODE: code },
      onSpark: true,
    };
  const gpus = "gpus" in step.size ? step.size.gpus : 0;
  const cuda = image.cuda ?? gpus > 0;
  const { APT, PIP } = frameworks[image.base][cuda ? "gpu" : "cpu"];
  const pins = [
    ...(PIP === undefined ? [] : [PIP]),
    ...packages.flatMap((each) => pinsIn(ownPackages[each].requirements)),
  ];
  return {
    ...context,
    dockerfile: "workloads/images/own-python/Dockerfile",
    args: {
      CODE: code,
      ...(APT === undefined ? {} : { APT }),
      ...(pins.length === 0 ? {} : { PIP: [...new Set(pins)].join(" ") }),
      ...(packages.length === 0 ? {} : { PACKAGES: packagesFolder }),
    },
    onSpark: false,
  };
}

function packageFiles(name: keyof typeof ownPackages): [string, string][] {
  const { folder } = ownPackages[name];
  const files = contextFiles({
    context: folder,
    dockerfile: "",
    include: [name],
  });
  return [...files].map(([path, file]) => [`${packagesFolder}/${path}`, file]);
}

/** Packages of a file of pip's requirements that has nothing but pins. */
function pinsIn(file: string): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** The declaration is no code: another time-out of it is no other image. */
function ownEntries(folder: string): string[] {
  return readdirSync(folder).filter((entry) => entry !== workloadFile);
}

/**
 * Hash of a team's part of an image: its own files, without those that the platform adds. Rebuilding an image for a
 * change of the platform, such as a patched base, does not run the step again.
 */
export function ownContent(
  image: StepImage,
  context: OwnImageContext | undefined,
): string {
  const hash = createHash("sha256").update(JSON.stringify(image));
  if (context === undefined) return hash.digest("hex");
  for (const [name, file] of contextFiles(context)) {
    if (name.startsWith(`${packagesFolder}/`)) continue;
    const content = createHash("sha256").update(readFileSync(file));
    hash.update(`${content.digest("hex")} ${name}\n`);
  }
  if ("dockerfile" in image) hash.update(readFileSync(context.dockerfile));
  return hash.digest("hex");
}

/** Builds the image of a step. @returns its reference */
export function buildOwnImage(
  name: string,
  { onSpark, args, ...context }: OwnImageContext,
  registry: ImageRegistry,
  /** The platform's image of Spark. */
  spark: () => pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  return new Image(
    name,
    {
      ...context,
      image: name,
      args: { ...args, ...(onSpark ? { SPARK: spark() } : {}) },
      registry,
    },
    opts,
  ).ref;
}
