import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { Report } from "../../stacks/commands/report/report";
import { surprises, table, tryAll } from "../red-team/answers";
import { addressOf, listen, setStage } from "../red-team/stage";
import { attemptsOn } from "../red-team/targets";
import { startBrowser } from "../support/browser";
import { eventually } from "../support/eventually";
import { foundation } from "../support/foundation";
import type { Kubectl } from "../support/kubectl";
import { type Pod, python, reaches, storeAnswers } from "../support/pod-calls";
import { clusterLayout, TestStack } from "../support/test-stack";
import { TrainingKill } from "../support/training-kill";

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

interface PlacedPod {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly nodeName: string;
    readonly containers: readonly object[];
    readonly initContainers?: readonly object[];
  };
}

const notebooks = {
  ml: { namespace: "ml", name: "notebook-first-0" },
  guests: { namespace: "guests", name: "notebook-guest-0" },
};

/** Takes the one GPU, from outside of the team and its quota. */
const gpuHolder = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "gpu-holder", namespace: "default" },
  spec: {
    nodeSelector: { "mlstack.dev/pool": "gpu" },
    tolerations: [{ operator: "Exists" }],
    containers: [
      {
        name: "pause",
        image: "registry.k8s.io/pause:3.10.1",
        resources: { limits: { "nvidia.com/gpu": "1" } },
      },
    ],
  },
};

/** Connects to an address from a namespace that is no team's. */
const stranger = (address: string, port: number) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "stranger", namespace: "default" },
  spec: {
    restartPolicy: "Never",
    containers: [
      {
        name: "nc",
        image: "docker.io/library/busybox:1.37.0",
        command: ["nc", "-w", "5", address, String(port)],
      },
    ],
  },
});

/** How many kernels the server runs. */
const kernels = `
import json, os, urllib.request
url = f"http://127.0.0.1:8888/api/kernels?token={os.environ['JUPYTER_TOKEN']}"
print(len(json.load(urllib.request.urlopen(url))))
`;

/** The table of sessions as the feature store's package reads it into the process. */
const fromArrow = `
import json
from mlstack_features import FeatureStore

store = FeatureStore.from_environment()
rows = store.latest("sessions")
print(json.dumps({"listed": "sessions" in store.list(), "rows": rows.num_rows, "pandas": len(rows.to_pandas())}))
`;

/** A server with the settings that a Notebook of Kubeflow's has, and what it answers without a token. */
const underKubeflow = `
import json, subprocess, time, urllib.error, urllib.request

def status(path):
    try: return urllib.request.urlopen(f"http://127.0.0.1:8899/notebook/ml/a/{path}").status
    except urllib.error.HTTPError as error: return error.code
    except OSError: return None

server = subprocess.Popen(["jupyter", "lab", "--port=8899", "--no-browser", "--ServerApp.base_url=/notebook/ml/a/",
    "--config=/opt/mlstack/notebooks/kubeflow.py"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(240):
        if status("api") == 200: break
        time.sleep(0.25)
    print(json.dumps({path: status(path) for path in ["api/kernels", "api/contents", "api/sessions"]}))
finally:
    server.terminate()
    server.wait()
`;

const place = {
  subnet: "10.91.0.0/24",
  podCidr: "10.248.0.0/16",
  serviceCidr: "10.105.0.0/16",
};

/** Everything that the local stack can run, for real: needs root, the toolchain built, and Chromium. */
describe("full local stack", function () {
  let stack: TestStack;
  let report: Report;
  let kubectl: Kubectl;

  before(() => {
    const target = { kind: "local", ...place };
    stack = new TestStack("full-test", { target }, "local-full");
    // So that the test need not wait for an hour.
    stack.set(["workloads", "notebooks", "0", "idleMinutes"], 1);
  });

  after(() => stack.end());

  foundation(this, /^comes up/);

  /** Waits until `status` reports a reason for which a job waits, and returns it. */
  async function waitsFor(job: string): Promise<string> {
    for (const end = Date.now() + 300_000; Date.now() < end;) {
      const text = await stack.succeed("status");
      const found = stack.report().workloads.find(({ name }) => name === job);
      if (found?.waiting !== undefined) {
        assert.ok(text.includes(`${job}: ${found.waiting}`), text);
        return found.waiting;
      }
    }
    throw new Error(`${job} waits for nothing`);
  }

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
      "history-guests",
      "history-ml",
      "notebook-first",
      "notebook-guest",
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
    const { items } = kubectl.get<{ readonly items: readonly PlacedPod[] }>(
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
    const { items } = kubectl.get<{ readonly items: readonly PlacedPod[] }>(
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

  it("shows the stages and queries of a Spark job that has ended, and of no other team's", async () => {
    const pages = {
      ml: await stack.open("history-ml"),
      guests: await stack.open("history-guests"),
    };
    const api = async (team: keyof typeof pages, path: string) => {
      const url = new URL(`/api/v1/applications${path}`, pages[team]);
      const answer = await fetch(url);
      assert.equal(answer.status, 200);
      return (await answer.json()) as readonly unknown[];
    };
    let applications: readonly {
      readonly id: string;
      readonly name: string;
      readonly attempts: readonly { readonly completed: boolean }[];
    }[] = [];
    // The server looks every ten seconds.
    await eventually(async () => {
      applications = (await api("ml", "")) as typeof applications;
      return applications.length >= 3;
    });
    for (const { id, name, attempts } of applications) {
      assert.ok(
        attempts.every(({ completed }) => completed),
        name,
      );
      const stages = (await api("ml", `/${id}/stages`)) as readonly {
        readonly status: string;
      }[];
      assert.ok(
        stages.some(({ status }) => status === "COMPLETE"),
        name,
      );
    }
    assert.deepEqual(await api("guests", ""), []);
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
      assert.notEqual(python(kubectl, notebooks.ml, kernels), "0");
    } finally {
      await browser.close();
    }
  });

  it("reads the feature store in a notebook by its package, without Spark as well", () => {
    assert.deepEqual(JSON.parse(python(kubectl, notebooks.ml, fromArrow)), {
      listed: true,
      rows: sessions,
      pandas: sessions,
    });
  });

  it("refuses what a team's people and pods try on what is not theirs, each by the layer that the table names", async function () {
    this.timeout(180_000);
    const layout = clusterLayout(stack.name, place);
    const { address, server } = await listen(layout.host);
    const stage = setStage(kubectl, {
      selectors: {
        trainer: "training.kubeflow.org/job-name=clickstream-pytorch",
        server: "serving.kserve.io/inferenceservice=clickstream-serving",
        pipeline: "job-name=clickstream-pipeline",
      },
      machineService: address,
      imageRegistry: addressOf(layout.registry),
    });
    try {
      const outcomes = await tryAll(stage, attemptsOn("local"));
      console.log(table(outcomes));
      assert.deepEqual(surprises(outcomes), []);
    } finally {
      stage.end();
      server.close();
    }
  });

  it("keeps a team's models from another, as the object store answers its pods", () => {
    const all = (answer: string) => ({
      write: answer,
      read: answer,
      list: answer,
    });
    const answers = (pod: Pod, bucket: string) =>
      storeAnswers(kubectl, pod, bucket);
    assert.deepEqual(answers(notebooks.ml, "models"), all("yes"));
    assert.deepEqual(answers(notebooks.guests, "models-guests"), all("yes"));
    assert.deepEqual(answers(notebooks.ml, "models-guests"), all("no"));
    assert.deepEqual(answers(notebooks.guests, "models"), all("no"));
    assert.equal(answers(notebooks.guests, "feature-store").list, "yes");
    assert.equal(answers(notebooks.guests, "feature-store").write, "no");
  });

  it("keeps a team's pods from the network of another and of strangers", () => {
    const url = new URL(
      report.services.find(({ name }) => name === "clickstream-serving")?.url ??
        "",
    );
    const port = Number(url.port || 80);
    // The service and the pod behind it: a policy that looked at the service alone would be none.
    const { items } = kubectl.get<{
      readonly items: readonly {
        readonly status: { readonly podIP: string };
        readonly spec: {
          readonly containers: readonly {
            readonly ports: readonly { readonly containerPort: number }[];
          }[];
        };
      }[];
    }>(
      "pods",
      "--namespace=ml",
      "--selector=serving.kserve.io/inferenceservice=clickstream-serving",
    );
    const [served] = items;
    assert.ok(served);
    const podPort = served.spec.containers[0]?.ports[0]?.containerPort ?? 0;
    kubectl.apply(stranger(served.status.podIP, podPort));
    for (const [from, expected] of [
      [notebooks.ml, ["yes", "yes"]],
      [
        notebooks.guests,
        ["[Errno 111] Connection refused", "[Errno 111] Connection refused"],
      ],
    ] as const) {
      assert.deepEqual(
        [
          reaches(kubectl, from, url.hostname, port),
          reaches(kubectl, from, served.status.podIP, podPort),
        ],
        expected,
        from.name,
      );
    }
    kubectl.waitFor("pod/stranger", "jsonpath={.status.phase}=Failed");
    assert.match(
      kubectl.run(["logs", "stranger"]),
      /can't connect to remote host .*: Connection refused/,
    );
    kubectl.run(["delete", "pod", "stranger", "--grace-period=0", "--force"]);
  });

  it("tells Kubeflow's controller which kernels are busy, and nobody anything else without the token", () => {
    assert.deepEqual(JSON.parse(python(kubectl, notebooks.ml, underKubeflow)), {
      "api/kernels": 200,
      "api/contents": 403,
      "api/sessions": 403,
    });
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

  it("says of a training for what it waits, and trainings go on from their checkpoint when a pod is killed", async () => {
    const alone = new TrainingKill(kubectl, "clickstream-pytorch-master-0");
    const together = new TrainingKill(kubectl, "clickstream-xgboost-master-0");
    kubectl.apply(gpuHolder);
    // Enough that a pod of each can be killed in the middle.
    for (const [input, rounds] of [
      ["pytorchEpochs", 300],
      ["xgboostTrees", 2000],
    ] as const)
      stack.set(["workloads", "clickstream", "inputs", input], rounds);
    const up = stack.start("up");
    const over = up.end.then(({ code, output }) => {
      throw new Error(`up ended early with ${code}: ${output.slice(-4000)}`);
    });
    over.catch(() => undefined);
    // One training runs after another.
    const killed = Promise.all([alone.after(6, 600), together.after(6, 600)]);
    assert.match(
      await Promise.race([waitsFor("clickstream-pytorch"), over]),
      /^waits for nvidia\.com\/gpu: 1 on pool gpu: .*Insufficient nvidia\.com\/gpu/,
    );
    kubectl.run(["delete", "pod", "gpu-holder", "--grace-period=0", "--force"]);
    await killed;
    const { code, output } = await up.end;
    assert.equal(code, 0, output.slice(-4000));
    for (const training of [alone, together]) {
      const { resumedFrom } = training.result();
      assert.ok(resumedFrom >= 5, `resumed from ${resumedFrom}`);
    }
  });

  it("ends a kernel that does nothing, and leaves the server", async () => {
    const end = Date.now() + 240_000;
    while (python(kubectl, notebooks.ml, kernels) !== "0") {
      assert.ok(Date.now() < end, "the kernel is still there");
      await pause(5000);
    }
  });

  it("has nothing to change at a second look", async () => {
    await stack.succeed("preview", "--expect-no-changes");
  });

  it("goes down", async () => {
    await stack.succeed("down");
    assert.ok(!existsSync(join(stack.folder, "report.json")));
  });
});

/** Output of a command, also of one that fails. */
function tried(command: () => string): string {
  try {
    return command();
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    return (stdout ?? "").trim();
  }
}
