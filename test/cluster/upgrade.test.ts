import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { charts } from "../../components/versions";
import { checkOut, replaceCheckout } from "../support/checkout";
import { eventually } from "../support/eventually";
import { foundation } from "../support/foundation";
import type { Kubectl } from "../support/kubectl";
import { succeed } from "../support/project-command";
import { TestStack } from "../support/test-stack";

/** The release before this one. */
const formerCommit = "5236dfe346b0ab7518f6e51a964b216e18979491";

const place = {
  subnet: "10.87.0.0/24",
  podCidr: "10.236.0.0/16",
  serviceCidr: "10.86.0.0/16",
};

/** Lines by which the job in flight goes on until it is let go. */
const waits = [
  '    while not os.path.exists("/tmp/go"):',
  '        __import__("time").sleep(1)',
  "",
].join("\n");

interface Step {
  readonly op: string;
  readonly urn: string;
}

interface Pods {
  readonly items: readonly {
    readonly spec: {
      readonly containers: readonly { readonly image: string }[];
    };
  }[];
}

/**
 * From the release before to this one, in one checkout and with one stack, as somebody does who pulls and runs `up`: for
 * real, with a job in flight. Needs root, and builds what the other release ran.
 */
describe("an upgrade from the release before", function () {
  let stack: TestStack;
  const parent = mkdtempSync(join(tmpdir(), "mlstack-upgrade-"));
  const folder = join(parent, "fraud");

  this.beforeAll(() => {
    stack = new TestStack(
      "upgrade-test",
      {
        target: { kind: "local", ...place },
        pools: [{ name: "cpu", min: 1, max: 1 }],
        kubeflow: { trainingOperator: true },
        workloads: {},
      },
      "local",
      (to) => checkOut(formerCommit, to),
    );
  });

  this.afterAll(async () => {
    await stack.end();
    rmSync(parent, { recursive: true, force: true });
  });

  foundation(this, /^comes up|^changes no resource/);

  /** Tags of the images that run in a namespace. */
  const tagsIn = (kubectl: Kubectl, namespace: string): string[] => [
    ...new Set(
      kubectl
        .get<Pods>("pods", "-n", namespace)
        .items.flatMap(({ spec }) => spec.containers)
        .map(({ image }) => image.replace(/.*:/, "")),
    ),
  ];

  const stateOf = (kubectl: Kubectl, job: string): string =>
    kubectl.run([
      ...["get", "sparkapplication", job, "-n", "ml", "-o"],
      "jsonpath={.status.applicationState.state}",
    ]);

  const driver = (kubectl: Kubectl) =>
    kubectl.run([
      ...["get", "pods", "-n", "ml", "-l", "spark-role=driver", "-o"],
      'jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{"\\n"}{end}',
    ]);

  /** UIDs of namespaces, nodes, claims, StatefulSets and definitions: none of them may be made anew. */
  const identities = (kubectl: Kubectl) =>
    [
      ["namespaces"],
      ["nodes"],
      ["persistentvolumeclaims", "-A"],
      ["statefulsets", "-A"],
      ["crds"],
    ].map((what) =>
      kubectl.run([
        ...["get", ...what, "-o"],
        'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {.metadata.uid}{"\\n"}{end}',
      ]),
    );

  let held: readonly string[];
  let running: string;

  it("comes up on that release, with a job in flight", async () => {
    await succeed("new", ["fraud", "--path", folder], {
      checkout: stack.checkout,
    });
    const code = join(folder, "jobs/score.py");
    writeFileSync(
      code,
      readFileSync(code, "utf8").replace(
        "    spark.stop()\n",
        `${waits}    spark.stop()\n`,
      ),
    );
    const declaration = join(folder, "workload.yaml");
    const document = parseDocument(readFileSync(declaration, "utf8"));
    document.setIn(["steps", "score", "wait"], false);
    writeFileSync(declaration, document.toString());
    stack.set(["workloads", "fraud"], { path: folder });

    await stack.succeed("up");

    const kubectl = stack.kubectl();
    await eventually(() =>
      Promise.resolve(stateOf(kubectl, "fraud-score") === "RUNNING"),
    );
    held = identities(kubectl);
    running = driver(kubectl);
    assert.match(running, /^fraud-score/);
    assert.deepEqual(tagsIn(kubectl, "spark-operator"), ["2.4.0"]);
    assert.deepEqual(tagsIn(kubectl, "cert-manager"), ["v1.20.2"]);
  });

  it("replaces nothing, by its preview, and takes nothing away", async () => {
    replaceCheckout(formerCommit, stack.checkout);
    const output = await stack.pulumi([
      ...["preview", "--json", "--stack", stack.name],
      "--non-interactive",
    ]);
    const { steps } = JSON.parse(output.slice(output.indexOf("{"))) as {
      readonly steps: readonly Step[];
    };
    const gone = steps
      .filter(({ op }) => /delete|replace/.test(op))
      .map(({ op, urn }) => `${op} ${urn.split("::").slice(2).join(" ")}`);
    assert.deepEqual(gone, []);
  });

  it("changes no resource that holds data, nor the job in flight, which ends well under the next operator", async () => {
    await stack.succeed("up");
    const kubectl = stack.kubectl();
    assert.equal(stateOf(kubectl, "fraud-score"), "RUNNING");
    assert.equal(driver(kubectl), running);
    const now = identities(kubectl).join("").split("\n");
    assert.deepEqual(
      held
        .join("")
        .split("\n")
        .filter((line) => !now.includes(line)),
      [],
    );
    assert.deepEqual(tagsIn(kubectl, "spark-operator"), [
      charts.sparkOperator.version,
    ]);
    assert.deepEqual(tagsIn(kubectl, "cert-manager"), [
      charts.certManager.version,
    ]);
    kubectl.run([
      ...["exec", "-n", "ml", "fraud-score-driver", "--"],
      ...["touch", "/tmp/go"],
    ]);
    await eventually(() =>
      Promise.resolve(stateOf(kubectl, "fraud-score") !== "RUNNING"),
    );
    assert.equal(stateOf(kubectl, "fraud-score"), "COMPLETED");
  });

  it("is complete: nothing is left to change, and a job begins under it", async () => {
    await stack.succeed("preview", "--expect-no-changes");
    const code = join(folder, "jobs/score.py");
    writeFileSync(code, readFileSync(code, "utf8").replace(waits, ""));
    await stack.succeed("up");
    const output = await stack.succeed(
      ...["submit", "fraud", "--set", "date=2026-11-02"],
    );
    assert.match(output, /: COMPLETED after \d+ s; result \{"rows":1000,/);
  });
});
