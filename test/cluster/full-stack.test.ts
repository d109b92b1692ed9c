import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Report } from "../../stacks/commands/report";
import { startBrowser } from "../support/browser";
import type { Kubectl } from "../support/kubectl";
import { TestStack } from "../support/test-stack";

const sessions = 3605;

/** How each job ends, in the words of its kind. */
const ends = {
  "clickstream-features": "COMPLETED",
  "clickstream-training": "COMPLETED",
  "clickstream-export": "COMPLETED",
  "clickstream-xgboost": "Succeeded",
  "clickstream-pytorch": "Succeeded",
  "clickstream-tensorflow": "Succeeded",
  "clickstream-pipeline": "Complete",
};

const frameworks = ["training", "xgboost", "pytorch", "tensorflow"].map(
  (framework) => `clickstream-${framework}`,
);

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly nodeName: string;
    readonly containers: readonly object[];
    readonly initContainers?: readonly object[];
  };
}

/** Everything that the local stack can run, for real: needs root, the toolchain built, and Chromium. */
describe("full local stack", function () {
  let stack: TestStack;
  let report: Report;
  let kubectl: Kubectl;

  before(() => {
    const target = {
      kind: "local",
      subnet: "10.91.0.0/24",
      podCidr: "10.248.0.0/16",
      serviceCidr: "10.105.0.0/16",
    };
    stack = new TestStack("full-test", { target }, "local-full");
  });

  after(() => stack.end());

  it("comes up with every job done", async () => {
    await stack.succeed("up");
    report = stack.report();
    kubectl = stack.kubectl();
    assert.deepEqual(
      Object.fromEntries(
        report.workloads.map(({ name, state }) => [name, state]),
      ),
      ends,
    );
    assert.deepEqual(report.services.map(({ name }) => name).sort(), [
      "clickstream-serving",
      "notebook-first",
    ]);
  });

  it("compares four frameworks on the same sessions", () => {
    const trainings = report.workloads.filter(({ name }) =>
      frameworks.includes(name),
    );
    assert.equal(trainings.length, frameworks.length);
    for (const { name, rows, metrics } of trainings) {
      assert.equal(rows, sessions, name);
      const auc = metrics["auc"] ?? 0;
      assert.ok(auc > 0.8 && auc < 1, `${name}: AUC ${auc}`);
    }
  });

  it("trains on the GPU pool what asks for a GPU", () => {
    const { items } = kubectl.get<{ readonly items: readonly Pod[] }>(
      "pods",
      "--namespace=ml",
      "--selector=training.kubeflow.org/job-name=clickstream-pytorch",
    );
    assert.deepEqual(
      items.map(({ spec }) => spec.nodeName),
      ["gpu-0"],
    );
  });

  it("serves by an InferenceService, with as much in its pod as we put there", () => {
    const { status } = kubectl.get<{
      readonly status: {
        readonly conditions: readonly {
          readonly type: string;
          readonly status: string;
        }[];
        readonly address: { readonly url: string };
      };
    }>("inferenceservice", "clickstream-serving", "--namespace=ml");
    const { url } =
      report.services.find(({ name }) => name === "clickstream-serving") ?? {};
    assert.equal(status.address.url, `${url}.cluster.local`);
    assert.ok(
      status.conditions.some(
        ({ type, status }) => type === "Ready" && status === "True",
      ),
    );
    const { items } = kubectl.get<{ readonly items: readonly Pod[] }>(
      "pods",
      "--namespace=ml",
      "--selector=serving.kserve.io/inferenceservice=clickstream-serving",
    );
    // Neither an agent nor an initializer of KServe's.
    assert.deepEqual(
      items.map(({ spec }) => [
        spec.containers.length,
        spec.initContainers?.length ?? 0,
      ]),
      [[1, 0]],
    );
  });

  it("answers with the best model, and says what is wrong with a request", async () => {
    const address = await stack.open("clickstream-serving");
    const url = new URL("/v1/models/clickstream", address);
    const model = (await (await fetch(url)).json()) as {
      readonly metrics: { readonly auc: number };
      readonly numbers: readonly string[];
      readonly categories: Readonly<Record<string, readonly string[]>>;
    };
    const served = report.workloads
      .filter(({ name }) => frameworks.slice(1).includes(name))
      .map(({ metrics }) => metrics["auc"] ?? 0);
    assert.equal(model.metrics.auc, Math.max(...served));
    const session = {
      ...Object.fromEntries(model.numbers.map((name) => [name, 1])),
      ...Object.fromEntries(
        Object.entries(model.categories).map(([name, [first]]) => [
          name,
          first,
        ]),
      ),
    };
    const ask = (instances: readonly object[]) =>
      fetch(`${url.href}:predict`, {
        method: "POST",
        body: JSON.stringify({ instances }),
      });
    const good = await ask([session]);
    assert.equal(good.status, 200);
    const { predictions } = (await good.json()) as {
      readonly predictions: readonly number[];
    };
    assert.ok(predictions.every((value) => value >= 0 && value <= 1));
    const bad = await ask([{ ...session, [model.numbers[0] ?? ""]: "many" }]);
    assert.equal(bad.status, 400);
    assert.match(await bad.text(), /write a number/);
  });

  it("opens a notebook that reads the feature table", async function () {
    const address = new URL(await stack.open("notebook-first"));
    const token = address.searchParams.get("token") ?? "";
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(120_000);
      await page.goto(new URL("/login?next=/lab", address).href);
      await page.fill("#password_input", token);
      await page.click("#login_submit");
      await page.waitForURL(/\/lab/);
      await page.goto(new URL("/lab/tree/first-look.ipynb", address).href);
      await page
        .getByRole("heading", { name: "A first look at the feature store" })
        .waitFor();
      await page.locator(".lm-MenuBar-itemLabel", { hasText: /^Run$/ }).click();
      await page
        .locator(".lm-Menu-itemLabel", { hasText: /^Run All Cells$/ })
        .click();
      await page
        .locator(".jp-OutputArea-output", { hasText: String(sessions) })
        .first()
        .waitFor();
    } finally {
      await browser.close();
    }
  });

  it("keeps teams apart", () => {
    const may = (verb: string, what: string, namespace: string, as: string) =>
      kubectl
        .run([
          ...["auth", "can-i", verb, what, `--namespace=${namespace}`],
          ...["--quiet=false", `--as=${as}`],
        ])
        .trim();
    const account = "system:serviceaccount:ml:clickstream-training";
    assert.equal(
      tried(() => may("list", "pods", "ml", account)),
      "yes",
    );
    for (const what of ["pods", "secrets", "sparkapplications"]) {
      assert.equal(
        tried(() => may("list", what, "guests", account)),
        "no",
      );
    }
  });

  it("lets members do what their role says", () => {
    const may = (verb: string, what: string, group: string) =>
      tried(() =>
        kubectl
          .run([
            ...["auth", "can-i", verb, what, "--namespace=ml"],
            ...["--as=somebody", `--as-group=${group}`],
          ])
          .trim(),
      );
    assert.equal(may("create", "sparkapplications", "data-scientists"), "yes");
    assert.equal(may("create", "pytorchjobs", "data-scientists"), "yes");
    assert.equal(may("list", "sparkapplications", "analysts"), "yes");
    assert.equal(may("create", "sparkapplications", "analysts"), "no");
    assert.equal(may("list", "secrets", "analysts"), "no");
  });

  it("has nothing to change at a second look", async () => {
    await stack.succeed("preview", "--expect-no-changes");
  });

  it("goes down", async () => {
    await stack.succeed("down");
    assert.ok(!existsSync(join(stack.folder, "report.json")));
  });
});

/** What a command prints, also where it says no by its exit code. */
function tried(command: () => string): string {
  try {
    return command();
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    return (stdout ?? "").trim();
  }
}
