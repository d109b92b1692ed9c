import { statSync } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";

import { leadsOut, outsideFault } from "../declaration/inside-folder";
import type { Report } from "./report";
import type { Step } from "../schema/step";

/** Checks a step's image and its main file. @param folder that of the workload */
export function checkImage(step: Step, folder: string, report: Report): void {
  const { image } = step;
  const main = "main" in step ? step.main : undefined;
  if ("base" in image) {
    checkBuilt(step, image, folder, report);
    return;
  }
  if ("ref" in image) {
    if (!/[:@][^/]+$/.test(image.ref) || image.ref.endsWith(":latest"))
      report(
        ["image", "ref"],
        image.ref,
        "name a tag or a digest, other than latest: what runs would change by itself",
      );
  } else {
    const { dockerfile, context } = image;
    isInFolder(["image", "dockerfile"], dockerfile, "file", folder, report);
    isInFolder(["image", "context"], context, "folder", folder, report);
  }
  if (main !== undefined && !isAbsolute(main))
    report(
      ["main"],
      main,
      "in an image of one's own, write the full path, such as /opt/app/main.py",
    );
}

function checkBuilt(
  step: Step,
  image: Extract<Step["image"], { readonly base: string }>,
  folder: string,
  report: Report,
): void {
  const { kind } = step;
  // A job or a server runs on any.
  if (kind !== "job" && kind !== "serve" && image.base !== kind)
    report(
      ["image", "base"],
      image.base,
      `a step of kind ${kind} runs on base ${kind}, or on an image of one's own`,
    );
  const { requirements, code, features } = image;
  if (requirements !== undefined)
    isInFolder(["image", "requirements"], requirements, "file", folder, report);
  if (features === true && image.base === "spark")
    report(
      ["image", "features"],
      features,
      "the package reads without Spark; leave it out, or write a step of another kind",
    );
  if (image.cuda !== undefined && !cudaBases.includes(image.base))
    report(
      ["image", "cuda"],
      image.cuda,
      `base ${image.base} computes on no GPUs; leave it out`,
    );
  if (typeof code !== "string") {
    const missing = code.filter(
      (each, index) =>
        !isInFolder(["image", "code", index], each, "entry", folder, report),
    );
    if (missing.length > 0) return;
  } else if (!isInFolder(["image", "code"], code, "folder", folder, report))
    return;
  if (!("main" in step)) return;
  const root = typeof code === "string" ? join(folder, code) : folder;
  if (leadsOut(step.main))
    report(["main"], step.main, "write its path below the folder of the code");
  else if (!isThere(join(root, step.main), "file"))
    report(["main"], step.main, `no such file in ${root}`);
  else if (
    typeof code !== "string" &&
    !code.some((each) => holds(each, step.main))
  )
    report(["main"], step.main, `no such file in ${code.join(", ")}`);
}

/** Bases with a framework that computes on GPUs. */
const cudaBases: readonly string[] = ["pytorch", "tensorflow", "xgboost"];

function holds(entry: string, file: string): boolean {
  const [above, path] = [normalize(entry), normalize(file)];
  return path === above || path.startsWith(`${above.replace(/\/$/, "")}/`);
}

/** Reports a path that leaves the folder, or at which nothing of the kind stands. @returns whether it is there */
export function isInFolder(
  path: readonly PropertyKey[],
  value: string,
  kind: "file" | "folder" | "entry",
  folder: string,
  report: Report,
): boolean {
  const fault = outsideFault(folder, value);
  if (fault !== undefined) {
    report(path, value, fault);
    return false;
  }
  const there = isThere(join(folder, value), kind);
  if (!there)
    report(
      path,
      value,
      `no such ${kind === "entry" ? "file or folder" : kind} in ${folder}`,
    );
  return there;
}

function isThere(path: string, kind: "file" | "folder" | "entry"): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  return (
    kind === "entry" || (kind === "file" ? stat.isFile() : stat.isDirectory())
  );
}
