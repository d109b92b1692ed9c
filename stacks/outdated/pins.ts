import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import * as components from "../../components/versions";
import { UPSTREAM_IMAGES } from "../../infra/supply/images/catalogue";
import { TOOLS, toolVersion } from "../../infra/supply/toolchain/tools";
import * as infra from "../../infra/versions";
import type { Pin } from "./pin";

const inComponents = "components/versions.ts";
const inInfra = "infra/versions.ts";

/** Every version that the project pins, once a version. */
export function allPins(root: string): readonly Pin[] {
  const pins = [
    ...chartPins(),
    ...manifestPins(),
    ...imagePins(),
    ...programPins(),
    ...addonPins(),
    ...npmPins(root),
    ...pythonPins(root),
  ];
  const seen = new Set<string>();
  return pins.filter(({ of, name, version }) => {
    const key = `${of} ${name} ${version}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function chartPins(): Pin[] {
  return [
    ...Object.values(components.charts).map((pin) => ({
      pin,
      file: inComponents,
    })),
    ...Object.values(infra.charts).map((pin) => ({ pin, file: inInfra })),
  ].map(({ pin: { chart, repository, version, releases }, file }) => ({
    ...{ of: "chart", name: chart, version, file, releases },
    index: { kind: "chart", repository, chart },
  }));
}

function manifestPins(): Pin[] {
  return Object.values(components.manifests).map(
    ({ repository, tag, releases }) => ({
      ...{ of: "manifests", version: tag, file: inComponents, releases },
      name: new URL(repository).pathname.slice(1),
      index: { kind: "manifests", repository },
    }),
  );
}

function imagePins(): Pin[] {
  const found = [
    ...Object.values(components.images).map((reference) => ({
      reference,
      file: inComponents,
    })),
    ...Object.values(infra.images).map((reference) => ({
      reference,
      file: inInfra,
    })),
    ...UPSTREAM_IMAGES.map(({ reference }) => ({
      reference,
      file: "infra/supply/images/catalogue.ts",
    })),
  ];
  return found.map(({ reference, file }): Pin => {
    const [, registry = "", image = "", version = ""] =
      /^([^/]+)\/(.+):([^:]+)$/.exec(reference) ?? [];
    return {
      ...{ of: "image", name: `${registry}/${image}`, version, file },
      releases: `https://${registry}/${image}`,
      index: { kind: "image", registry, image },
    };
  });
}

/** Programs are built from the modules of their projects, whatever else they are fetched as. */
function programPins(): Pin[] {
  return TOOLS.map((tool): Pin => {
    const { module } = tool.source;
    return {
      ...{ of: "program", name: module, version: toolVersion(tool) },
      file: `infra/supply/toolchain/${tool.folder ?? tool.tool}/go.mod`,
      releases: releasesOf(module),
      index: { kind: "go", module },
    };
  });
}

function releasesOf(module: string): string {
  const [, repository] = /^(github\.com\/[^/]+\/[^/]+)/.exec(module) ?? [];
  if (repository !== undefined) return `https://${repository}/releases`;
  return module === "k8s.io/kubernetes"
    ? "https://github.com/kubernetes/kubernetes/releases"
    : `https://pkg.go.dev/${module}?tab=versions`;
}

function addonPins(): Pin[] {
  return Object.entries(infra.eksAddons).flatMap(([minor, addons]) =>
    Object.entries(addons).map(([name, version]): Pin => ({
      ...{ of: "add-on of EKS", name, version, file: inInfra },
      releases:
        "https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html",
      index: {
        kind: "account",
        ask: `aws eks describe-addon-versions --kubernetes-version ${minor} --addon-name ${name}`,
      },
    })),
  );
}

const packageSchema = z.looseObject({
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

function npmPins(root: string): Pin[] {
  const { dependencies, devDependencies } = packageSchema.parse(
    JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
  );
  return Object.entries({ ...dependencies, ...devDependencies }).map(
    ([name, version]): Pin => ({
      ...{ of: "npm", name, version, file: "package.json" },
      releases: `https://www.npmjs.com/package/${name}?activeTab=versions`,
      index: { kind: "npm", package: name },
    }),
  );
}

/** Pins of requirements that people edit; lock files generated from them are left out. */
function pythonPins(root: string): Pin[] {
  return filesOf(root)
    .filter((file) => /(^|\/)requirements[\w-]*\.(in|txt)$/.test(file))
    .filter(
      (file) =>
        file.endsWith(".in") ||
        !existsSync(join(root, file.replace(/\.txt$/, ".in"))),
    )
    .flatMap((file) =>
      readFileSync(join(root, file), "utf8")
        .split("\n")
        .flatMap((line): Pin[] => {
          const [, name, version] =
            /^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;#\\]+)/.exec(line) ?? [];
          return name === undefined || version === undefined
            ? []
            : [
                {
                  ...{ of: "python", name, version, file },
                  releases: `https://pypi.org/project/${name}/#history`,
                  index: { kind: "python", package: name },
                },
              ];
        }),
    );
}

function filesOf(root: string): readonly string[] {
  return execFileSync("git", ["ls-files", "*requirements*"], {
    cwd: root,
    encoding: "utf8",
  }).split("\n");
}
