import { existsSync, readdirSync } from "node:fs";

import type { Command } from "@commander-js/extra-typings";

import {
  findMeans,
  HOST_TOOLS,
  type Means,
  missingSteps,
  neededPackages,
} from "../../infra/supply";
import { MIRROR, mirrorPath } from "../../infra/supply/mirror";
import { missingImages, neededImages } from "../../infra/supply/images";
import { registryStorage } from "../../infra/supply/images/registry";
import { registryOf } from "../../infra/supply/images/upstream";
import { thisMachine, unfit } from "../../infra/supply/machine";
import { run } from "../../infra/supply/process";
import type { Step } from "../../infra/supply/step";
import {
  canInstall,
  distribution,
  findProgram,
  isInstalled,
} from "../../infra/supply/toolchain/packages";
import {
  findTool,
  releaseVersion,
  toolPath,
} from "../../infra/supply/toolchain/tools";
import {
  clusterSchema,
  placeFields,
  placeSchema,
} from "../../infra/local/inputs";
import { Layout } from "../../infra/local/layout";
import { preflight } from "../../infra/local/preflight";
import {
  deadMachines,
  findCluster,
  type FoundCluster,
} from "../../infra/local/record";
import { pinnedVersions } from "../../infra/local/versions";
import { describeProblem } from "../../infra/problem";
import { examples, jsonOption, stackOption } from "./cli/options";
import { targetFindings } from "./doctor/target-findings";
import { readStackFile } from "./stack-file/stack-file";
import { table } from "./cli/table";

/** One line of the table. */
interface Finding {
  readonly what: string;
  /** `ok`; what `npm run up` fetches or builds by itself; `missing`, which a person must see to; `note`, for tests only. */
  readonly state: "ok" | "to fetch" | "to build" | "missing" | "note";
  readonly detail: string;
}

/** A program of the machine that is needed, or that only tests need. */
interface Requirement {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly atLeast: readonly [number, number];
  readonly use: string;
  /** Whether `npm run up` cannot do without it. */
  readonly needed: boolean;
}

/** `doctor`: what is there, what is missing, what to do. */
export function define(command: Command): void {
  command
    .addOption(stackOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["npm run doctor", "for the stack `local`"],
        ["npm run doctor -- --stack aws", "for another stack"],
      ),
    )
    .action(async ({ stack, json }) => {
      process.exitCode = await doctor(stack, json === true);
    });
}

async function doctor(stack: string, json: boolean): Promise<number> {
  const file = readStackFile(stack);
  if (!file.embedded) {
    return report(await targetFindings(file), json, () => "All is there");
  }
  const means = await findMeans(file.parts);
  const steps = missingSteps(means);
  const findings = [
    ...(await machineFindings(steps)),
    ...(await programFindings(steps.some(({ needsGo }) => needsGo === true))),
    ...packageFindings(means),
    ...toolFindings(means),
    ...storedFindings(means),
    ...(await clusterFindings()),
  ];
  const minutes = steps.reduce((sum, step) => sum + step.minutes, 0);
  return report(findings, json, () =>
    steps.length > 0
      ? `Nothing is missing that you must see to. \`npm run up\` fetches and builds the rest: ${steps.length} steps, about ${Math.ceil(minutes)} min on two cores`
      : "All is there: `npm run up`",
  );
}

/** Prints the findings. @returns 1 where something is missing that a person must see to */
function report(
  findings: readonly Finding[],
  json: boolean,
  allThere: () => string,
): number {
  const missing = findings.filter(({ state }) => state === "missing");
  const code = missing.length > 0 ? 1 : 0;
  if (json) {
    process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
    return code;
  }
  const lines = table(
    ["WHAT", "STATE", "DETAIL"],
    findings.map(({ what, state, detail }) => [what, state, detail]),
  );
  const end =
    missing.length > 0
      ? `${missing.length} missing: ${missing.map(({ what }) => what).join(", ")}`
      : allThere();
  process.stdout.write(`${lines}\n\n${end}\n`);
  return code;
}

async function machineFindings(steps: readonly Step[]): Promise<Finding[]> {
  const problems = await preflight(
    clusterSchema.parse({
      name: "doctor",
      pools: [{ name: "cpu", count: 1 }],
      registryStorage: registryStorage(),
      versions: pinnedVersions(),
    }),
    // Programs that are not built yet are reported below.
    () => process.execPath,
  );
  const machine = problems.filter(
    // A cluster of ours that runs has the default addresses, and a line of its own.
    ({ path, remedy }) =>
      path !== "images" && path !== "PATH" && !/through mlstack-/.test(remedy),
  );
  const here = thisMachine();
  const lacks = unfit(here, steps);
  return [
    lacks.length === 0
      ? {
          what: "system, memory, disk",
          state: "ok",
          detail: `${here.architecture ?? ""}, ${here.memoryGibibytes.toFixed(0)} GiB, ${here.freeGibibytes.toFixed(0)} GiB free where all that is built lies`,
        }
      : {
          what: "system, memory, disk",
          state: "missing",
          detail: lacks.map(describeProblem).join("; "),
        },
    ...(machine.length === 0
      ? [
          {
            what: "root, kernel, addresses",
            state: "ok",
            detail: "as the local cluster needs them",
          } as const,
        ]
      : machine.map(
          (problem) =>
            ({
              what: problem.path,
              state: "missing",
              detail: describeProblem(problem),
            }) as const,
        )),
  ];
}

async function programFindings(builds: boolean): Promise<Finding[]> {
  const requirements: readonly Requirement[] = [
    {
      program: process.execPath,
      arguments: ["--version"],
      atLeast: [20, 19],
      use: "runs the program",
      needed: true,
    },
    {
      program: "go",
      arguments: ["version"],
      atLeast: [1, 26],
      use: "builds the toolchain",
      needed: builds,
    },
    {
      program: "git",
      arguments: ["--version"],
      atLeast: [2, 20],
      use: "for work on the project",
      needed: false,
    },
    {
      program: "python3",
      arguments: ["--version"],
      atLeast: [3, 11],
      use: "for the tests of the jobs",
      needed: false,
    },
    {
      program: "java",
      arguments: ["-version"],
      atLeast: [17, 0],
      use: "for the tests of the jobs",
      needed: false,
    },
    {
      program: "mvn",
      arguments: ["--version"],
      atLeast: [3, 6],
      use: "for the tests of the jobs",
      needed: false,
    },
  ];
  return Promise.all(requirements.map(inspect));
}

async function inspect(requirement: Requirement): Promise<Finding> {
  const { program, atLeast, use, needed } = requirement;
  const what = program === process.execPath ? "node" : program;
  let output = "";
  await run(program, requirement.arguments, {
    onLine: (line) => (output += `${line}\n`),
  }).catch(() => undefined);
  const [, major, minor = "0"] = /(\d+)\.(\d+)/.exec(output) ?? [];
  const enough =
    major !== undefined &&
    (Number(major) > atLeast[0] ||
      (Number(major) === atLeast[0] && Number(minor) >= atLeast[1]));
  const found = major === undefined ? "not there" : `v${major}.${minor}`;
  return {
    what,
    state: enough ? "ok" : needed ? "missing" : "note",
    detail: enough
      ? found
      : `${found}; ${use}: install ${atLeast.join(".")} or newer`,
  };
}

function packageFindings(means: Means): Finding[] {
  const family = distribution();
  return neededPackages(means).map((wanted) => ({
    what: family?.name(wanted) ?? wanted.name,
    ...(isInstalled(wanted)
      ? { state: "ok", detail: wanted.use }
      : canInstall()
        ? { state: "to fetch", detail: `${wanted.use}; from the distribution` }
        : {
            state: "missing",
            detail: `${wanted.use}; install it with this system's package manager`,
          }),
  }));
}

/**
 * Findings on the toolchain. With a Pulumi CLI of the user's own, none of the toolchain's programs is listed for it.
 */
function toolFindings(means: Means): Finding[] {
  const finding = (name: string) => toolFinding(name, means);
  const own: Finding[] =
    means.pulumi.length === 0
      ? [{ what: "pulumi", state: "ok", detail: findProgram("pulumi") ?? "" }]
      : means.pulumi.map(finding);
  return [...own, ...HOST_TOOLS.map(finding)];
}

function toolFinding(name: string, { fetchable }: Means): Finding {
  const tool = findTool(name);
  const what = `${name} ${releaseVersion(tool)}`;
  if (existsSync(toolPath(name))) return { what, state: "ok", detail: "" };
  return fetchable.has(name)
    ? { what, state: "to fetch", detail: "the project's own release" }
    : { what, state: "to build", detail: `about ${tool.minutes} min` };
}

function storedFindings({ parts, reachable, offline }: Means): Finding[] {
  const missing = missingImages(parts);
  return [
    ...neededImages(parts).map((image): Finding => {
      const what = image.reference;
      if (!missing.includes(image)) return { what, state: "ok", detail: "" };
      if (image.go && reachable.has(registryOf(what)))
        return { what, state: "ok", detail: "builds pull it" };
      if (reachable.has(registryOf(what)))
        return { what, state: "to fetch", detail: "from its registry" };
      const program =
        image.binary && !existsSync(toolPath(image.binary))
          ? findTool(image.binary).minutes
          : 0;
      return {
        what,
        state: "to build",
        detail: `about ${(image.minutes + program).toFixed(1)} min`,
      };
    }),
    ...(offline ? MIRROR : []).map((entry): Finding => {
      const stored = existsSync(mirrorPath(entry));
      return {
        what: `${entry.kind} ${entry.name} ${entry.version}`,
        state: stored ? "ok" : "to build",
        detail: stored ? "" : "from its Go module",
      };
    }),
  ];
}

/** Clusters below the default folder, and what else is there. */
async function clusterFindings(): Promise<Finding[]> {
  const dataDir = placeFields.dataDir.parse(undefined);
  if (!existsSync(dataDir)) return [];
  const findings = await Promise.all(
    readdirSync(dataDir).map(async (name): Promise<Finding[]> => {
      const { data: place } = placeSchema.safeParse({ name, dataDir });
      if (!place) return [];
      const layout = new Layout(place);
      const found = await findCluster(layout);
      const detail = await describeFound(layout, found);
      const state = /^runs, /.test(detail) ? "ok" : "note";
      return found.kind === "none"
        ? []
        : [{ what: `cluster ${name}`, state, detail }];
    }),
  );
  return findings.flat();
}

async function describeFound(
  layout: Layout,
  found: FoundCluster,
): Promise<string> {
  switch (found.kind) {
    case "none":
      return "";
    case "foreign":
    case "damaged":
      return found.reason;
    case "incomplete":
      return "half made; the next `npm run up` or `npm run down` cleans it away";
    case "complete": {
      const dead = await deadMachines(layout);
      return dead.length > 0
        ? `stopped: ${dead.join(", ")}; \`npm run up\` starts it again, \`npm run down\` removes it`
        : `runs, ${found.record.nodes.length} nodes`;
    }
  }
}
