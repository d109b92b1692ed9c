import { statSync } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";

import type { Step } from "./schema";

/** Notes what is wrong with a key of the step: where, what stands there, and what to write instead. */
export type Report = (
  path: readonly PropertyKey[],
  value: unknown,
  remedy: string,
) => void;

/** What is wrong with a step's image, its main file included. @param folder that of the workload */
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
  const { requirements, code } = image;
  if (requirements !== undefined)
    isInFolder(["image", "requirements"], requirements, "file", folder, report);
  if (!isInFolder(["image", "code"], code, "folder", folder, report)) return;
  if (!("main" in step)) return;
  if (isAbsolute(step.main) || isOutside(step.main))
    report(["main"], step.main, "write its path below the folder of the code");
  else if (!isThere(join(folder, code, step.main), "file"))
    report(["main"], step.main, `no such file in ${join(folder, code)}`);
}

/** Reports a path that leaves the folder, or at which nothing of the kind stands. @returns whether it is there */
function isInFolder(
  path: readonly PropertyKey[],
  value: string,
  kind: "file" | "folder",
  folder: string,
  report: Report,
): boolean {
  if (isAbsolute(value) || isOutside(value)) {
    report(path, value, "stay in the workload's folder");
    return false;
  }
  const there = isThere(join(folder, value), kind);
  if (!there) report(path, value, `no such ${kind} in ${folder}`);
  return there;
}

function isThere(path: string, kind: "file" | "folder"): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return (kind === "file" ? stat?.isFile() : stat?.isDirectory()) === true;
}

function isOutside(path: string): boolean {
  return normalize(path).split("/")[0] === "..";
}
