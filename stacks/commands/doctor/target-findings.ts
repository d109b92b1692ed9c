import { accessOf } from "../../../infra";
import { run } from "../../../infra/supply/process";
import { findProgram } from "../../../infra/supply/toolchain/packages";
import { refuseWeakBackEnd, requirePassphrase } from "../engine/back-end";
import { CommandError } from "../cli/command-error";
import { Pulumi } from "../engine/pulumi";
import type { StackFile } from "../stack-file/stack-file";

/** Programs and login that a remote stack needs here, with whether each is present. */
export interface TargetFinding {
  readonly what: string;
  readonly state: "ok" | "missing";
  readonly detail: string;
}

const builders = ["docker", "podman", "buildah"];

/** Checks programs, login, plugin, back end and passphrase of a stack on a cloud or on other hosts. */
export async function targetFindings(
  file: StackFile,
): Promise<TargetFinding[]> {
  const { programs = {}, login } = accessOf(file.kind) ?? {};
  const builder = builders.find(findProgram);
  const findings: TargetFinding[] = Object.entries(programs).map(
    ([what, use]) => {
      const path = findProgram(what);
      return path === undefined
        ? { what, state: "missing", detail: `${use}: install it` }
        : { what, state: "ok", detail: path };
    },
  );
  if (login !== undefined) {
    const [program = "", ...args] = login.call;
    const inside = await run(program, args).then(
      () => true,
      () => false,
    );
    findings.push({
      what: "login",
      state: inside ? "ok" : "missing",
      detail: inside ? "" : `log in with \`${login.by}\``,
    });
  }
  findings.push({
    what: "image builder",
    state: builder === undefined ? "missing" : "ok",
    detail: builder ?? `install one of ${builders.join(", ")}`,
  });
  findings.push(
    finding("back end", () => refuseWeakBackEnd(file, false)),
    finding("passphrase", () => requirePassphrase(file)),
  );
  if (
    findings.every(({ what, state }) => what !== "passphrase" || state === "ok")
  ) {
    const pulumi = await Pulumi.resolve({ stack: file.name });
    findings.push(
      finding("plugin", () => pulumi.requireCloudPlugin(file.name)),
    );
  }
  return findings;
}

/** Message of a failed check. */
function finding(what: string, check: () => void): TargetFinding {
  try {
    check();
    return { what, state: "ok", detail: "" };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { what, state: "missing", detail: error.message };
  }
}
