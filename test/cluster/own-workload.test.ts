import assert from "node:assert/strict";

import { parseDocument } from "yaml";

import { eventually } from "../support/eventually";
import { foundation } from "../support/foundation";
import {
  askedScore,
  FraudFolder,
  fraudNumbers,
  toldSteps,
} from "../support/fraud-folder";
import { TestStack } from "../support/test-stack";

const name = "own-workload-test";
const place = {
  subnet: "10.85.0.0/24",
  podCidr: "10.240.0.0/16",
  serviceCidr: "10.84.0.0/16",
};

/** Steps whose end `up` does not await, and when they run. */
const unawaited = {
  "by-hand": "manual",
  "by-clock": { schedule: "* * * * *" },
} as const;

interface Application {
  readonly status: { readonly executorState: Readonly<Record<string, string>> };
}

interface JobList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly succeeded?: number };
  }[];
}

/** A team's own workload on the local stack for real: needs root, and the toolchain built. */
describe("a workload in a folder outside of the project", function () {
  let stack: TestStack;
  const folder = new FraudFolder();

  this.beforeAll(() => {
    stack = new TestStack(name, {
      target: { kind: "local", ...place },
      pools: [{ name: "cpu", min: 1, max: 1 }],
      kubeflow: { trainingOperator: true },
      workloads: {},
    });
  });

  this.afterAll(async () => {
    await stack.end();
    folder.remove();
  });

  foundation(this, /^is made|^runs from nothing/);

  it("is made by a command", () => folder.make());

  it("runs from nothing to COMPLETED in one command, with packages of its own and steps after it", async () => {
    const output = await stack.succeed("run", folder.path);
    assert.match(output, /wrote {3}to s3a:\/\/feature-store$/m);
    assert.match(output, /scored 1,000 payments of 2026-11-01/);
    assert.match(output, /told of 1000 rows/);
    assert.match(output, /^fraud-serve: ready$/m);
    assert.match(output, /replica 0 of 2 trained on 500 rows/);
    const { "fraud-tell": tell, ...others } = toldSteps(output);
    assert.deepEqual(others, {
      "fraud-score": {
        state: "COMPLETED",
        result: fraudNumbers["fraud-score"],
      },
      "fraud-train": {
        state: "Succeeded",
        result: fraudNumbers["fraud-train"],
      },
    });
    assert.equal(tell?.state, "Complete");
    const { files, refused } = tell.result;
    assert.ok(Number(files) > 0, output);
    assert.equal(refused, "AccessDenied");
  });

  it("serves what it declares, behind an address of this machine", async () => {
    assert.deepEqual(await askedScore(stack), { score: 0.5 });
    const { services } = stack.report();
    assert.deepEqual(services, [
      {
        name: "fraud-serve",
        kind: "WebService",
        url: "http://fraud-serve.ml.svc",
      },
    ]);
  });

  /** Jobs that the last `up` ran, sorted. */
  const ran = (): string[] =>
    stack
      .report()
      .workloads.filter(({ earlier }) => !earlier)
      .map(({ name, state }) => `${name} ${state}`)
      .sort();

  it("runs no step again where the stack's file declares the same", async () => {
    stack.set(["workloads", "fraud"], { path: folder.path });
    await stack.succeed("up");
    assert.deepEqual(ran(), []);
  });

  it("is submitted again with another input, and followed to its end", async () => {
    const output = await stack.succeed(
      ...["submit", "fraud", "--step", "score", "--set", "date=2026-11-02"],
    );
    assert.match(output, /scored 1,000 payments of 2026-11-02/);
    assert.match(output, /: COMPLETED after \d+ s; result \{"rows":1000,/);
    const wrong = await stack.start("submit", "fraud", "--set", "day=1").end;
    assert.equal(wrong.code, 1);
    assert.match(
      wrong.output,
      /--step: missing: choose one of score, tell, train/,
    );
  });

  it("runs a step anew whose script has changed, and no other", async () => {
    for (const [step, run] of Object.entries(unawaited))
      folder.declare(step, {
        kind: "job",
        // The same as that of another step, so that none is built.
        image: {
          ...{ base: "python", code: "tell" },
          requirements: "tell/requirements.txt",
        },
        command: [
          ...["python3", "-c"],
          `import os; print("${step} of", os.environ["DATE"])`,
        ],
        env: { DATE: { input: "date" } },
        size: { cpu: "50m", memory: "64Mi" },
        run,
      });
    folder.edit("jobs/score.py", (text) =>
      text.replace('f"scored', 'f"scored again'),
    );
    // On executors now, of which Spark may ask for more.
    folder.edit("workload.yaml", (text) => {
      const document = parseDocument(text);
      const executor = { instances: 1, max: 2, memory: "512m" };
      document.setIn(["steps", "score", "size"], { executor });
      return document.toString();
    });
    await stack.succeed("up");
    assert.deepEqual(ran(), ["fraud-score COMPLETED"]);
    const { status } = stack
      .kubectl()
      .get<Application>("sparkapplication", "fraud-score", "-n", "ml");
    const executors = Object.keys(status.executorState).length;
    assert.ok(executors >= 1 && executors <= 2, String(executors));
  });

  it("runs a step by hand alone, and one at its times", async () => {
    const jobsOf = (step: string) =>
      stack
        .kubectl()
        .get<JobList>("jobs", "-n", "ml", `-l=mlstack.dev/step=${step}`).items;
    assert.deepEqual(jobsOf("by-hand"), []);
    const output = await stack.succeed(
      ...["submit", "fraud", "--step", "by-hand", "--set", "date=2026-11-03"],
    );
    assert.match(output, /by-hand of 2026-11-03/);
    assert.match(output, /: Complete after \d+ s/);
    assert.equal(jobsOf("by-hand").length, 1);
    const done = () =>
      jobsOf("by-clock").find(({ status }) => status.succeeded === 1);
    await eventually(() => Promise.resolve(done() !== undefined));
    assert.equal(
      stack.kubectl().run(["logs", "-n", "ml", `job/${done()?.metadata.name}`]),
      "by-clock of 2026-11-01\n",
    );
  });

  it("fails with the reason and the end of the log of a step that fails", async () => {
    folder.edit(
      "tell/tell.py",
      (text) => `${text}sys.exit("nobody to tell")\n`,
    );
    const { code, output } = await stack.start("up").end;
    assert.notEqual(code, 0);
    assert.match(output, /Job ml\/fraud-tell ended as Failed: /);
    assert.match(output, /nobody to tell/);
    assert.deepEqual(ran(), ["fraud-tell Failed"]);
  });
});
