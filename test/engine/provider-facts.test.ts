import { deepEqual, equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { terminalProgress, withCacheLock } from "../../airgap/steps";
import { ensureTools } from "../../airgap/toolchain/build";
import { findTool, toolPath, toolVersion } from "../../airgap/toolchain/tools";
import { chartSteps, storedChart } from "../../airgap/charts";
import { startControlPlane, type ControlPlane } from "../support/control-plane";
import {
  facts,
  normal,
  Project,
  type Operation,
  type Report,
} from "./provider-facts/project";

const all = facts.parse(
  JSON.parse(
    readFileSync(join(__dirname, "provider-facts", "facts.json"), "utf8"),
  ),
);

/** Scenarios whose pods have to run, so that they need a cluster with a node. */
const needsNode = new Set([
  "deployment-never-ready",
  "deployment-replicas",
  "deployment-selector",
  "job-failing",
  "pod-env",
  "service-port",
]);

/** The default provider is made beside the component that calls its functions, so it comes first here. */
const sorted = (operations: readonly Operation[]): Operation[] => {
  const isProvider = ({ type }: Operation): boolean =>
    type.startsWith("pulumi:providers:");
  return [
    ...operations.filter(isProvider),
    ...operations.filter((operation) => !isProvider(operation)),
  ].map((operation) => ({
    ...operation,
    ...(operation.replaceReasons && {
      replaceReasons: [...operation.replaceReasons].sort(),
    }),
  }));
};

/** A refresh takes resources in no order. */
const unordered = (operations: readonly Operation[]): Operation[] =>
  [...operations].sort((a, b) => a.type.localeCompare(b.type));

/** The facts have long texts cut. */
const cut = (text: string): string => text.slice(0, 390);

const shortened = ({
  initErrors,
  ...resource
}: {
  readonly type: string;
  readonly id: string;
  readonly initErrors?: readonly string[];
}) => ({
  ...resource,
  ...(initErrors && {
    initErrors: initErrors.map((text) => cut(normal(text))),
  }),
});

const errorsOf = (messages: readonly string[]): string[] =>
  messages.filter((m) => m.startsWith("error: ")).map(normal);

describe("what the real Kubernetes provider does, the stand-in does", function () {
  this.timeout(10 * 60_000);

  const given = process.env.MLSTACK_TEST_KUBECONFIG;
  let controlPlane: ControlPlane | undefined;
  let project: Project;
  /** Definitions that the cluster did not have, and is left without. */
  let definitions: string | undefined;
  let kubectl: (...args: readonly string[]) => string;

  before(async () => {
    await ensureTools(
      [
        "pulumi",
        "pulumi-language-nodejs",
        "helm",
        "kubectl",
        ...(given
          ? []
          : ["etcd", "kube-apiserver", "kube-controller-manager", "kubeadm"]),
      ],
      terminalProgress,
    );
    await withCacheLock(() => terminalProgress(chartSteps()));
    const chart = storedChart(
      "spark-operator",
      toolVersion(findTool("spark-operator")),
    );
    controlPlane = given
      ? undefined
      : await startControlPlane({ api: 16443, etcd: 12379 });
    const kubeconfig = given ?? controlPlane?.kubeconfig ?? "";
    kubectl = (...args) =>
      execFileSync(toolPath("kubectl"), ["--kubeconfig", kubeconfig, ...args], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    kubectl("create", "namespace", "facts");
    kubectl(
      ...["create", "configmap", "preexisting", "--namespace", "facts"],
      "--from-literal=a=kubectl",
    );
    const present = kubectl(
      "get",
      "customresourcedefinitions",
      "--output=name",
    );
    if (!present.includes("/sparkapplications.sparkoperator.k8s.io")) {
      definitions = join(chart, "crds");
      kubectl("apply", "--server-side", "--filename", definitions);
    }
    project = new Project(kubeconfig, chart);
  });

  after(async () => {
    project?.remove();
    if (given) {
      kubectl("delete", "namespace", "facts");
      if (definitions) kubectl("delete", "--filename", definitions);
    }
    await controlPlane?.stop();
  });

  for (const [scenario, steps] of Object.entries(all)) {
    it(scenario, async function () {
      if (needsNode.has(scenario) && !given) this.skip();
      for (const expected of steps) {
        if ("destroyExit" in expected) {
          equal((await project.run("destroy")).exit, expected.destroyExit);
        } else if ("preview" in expected) {
          await project.configure(scenario, expected.step);
          for (const command of ["preview", "up"] as const) {
            const got = await project.run(command);
            const told: Report = expected[command];
            deepEqual(
              {
                exit: got.exit,
                ops: sorted(got.ops),
                errors: errorsOf(got.messages),
              },
              {
                exit: told.exit,
                ops: sorted(told.ops),
                errors: errorsOf(told.messages),
              },
              `${command} of step ${expected.step}`,
            );
          }
          deepEqual(
            (await project.state()).map(shortened),
            expected.state.map(shortened),
          );
          const second = await project.run("preview", "--expect-no-changes");
          equal(second.exit === 0, expected.secondPreviewNoChange);
        } else {
          await drift(expected);
        }
      }
    });
  }

  /** What happens when someone else changes or deletes the object. */
  async function drift(expected: {
    readonly refresh: readonly Operation[];
    readonly labelAfterUp?: string;
    readonly upExit?: number;
    readonly exit?: number;
  }): Promise<void> {
    const [object] = kubectl(
      ...["get", "configmap", "--namespace", "facts", "--output", "name"],
    )
      .split("\n")
      .filter((name) => name.includes("/cfg-"));
    const target = ["--namespace", "facts", object ?? ""];
    if (expected.labelAfterUp === undefined) {
      kubectl("delete", ...target);
      const refreshed = await project.run("refresh");
      deepEqual(unordered(refreshed.ops), unordered(expected.refresh));
      equal(refreshed.exit, expected.exit);
      deepEqual(await project.state(), []);
      return;
    }
    kubectl("label", "--overwrite", ...target, "v=drifted");
    const { ops } = await project.run("refresh");
    deepEqual(unordered(ops), unordered(expected.refresh));
    equal((await project.run("up")).exit, expected.upExit);
    equal(
      kubectl("get", ...target, "--output", "jsonpath={.metadata.labels.v}"),
      expected.labelAfterUp,
    );
  }
});
