import assert from "node:assert/strict";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Document } from "yaml";

import { configProblems } from "../support/config-problems";
import type { Recorded } from "../support/recording-monitor";
import { recordStack } from "../support/stack-program";
import { ownContent, ownImageContext } from "../../workloads/images/own-image";
import type { Step } from "../../workloads/schema/step";
import { refused, type RefusedWorkload } from "./refused-workloads";

const compiled = "workloads/clickstream/pipelines/clickstream.yaml";

const good = {
  apiVersion: "mlstack.dev/v1",
  inputs: { date: { default: "2026-11-01" } },
  steps: {
    score: {
      kind: "spark",
      image: { base: "spark", code: "jobs", requirements: "requirements.txt" },
      main: "score.py",
      args: [
        { input: "date" },
        { bucket: "feature-store", path: "fraud/scores" },
      ],
      access: { "feature-store": "write" },
    },
    tell: {
      kind: "job",
      image: { base: "python", code: "jobs" },
      command: ["python3", "tell.py"],
      env: { ROWS: { result: "score", field: "rows" } },
    },
  },
};

interface PlacedPod {
  readonly template: {
    readonly spec: { readonly nodeSelector: Readonly<Record<string, string>> };
  };
}

/** A folder of a workload somewhere on this machine, as a team's own repository is. */
class WorkloadFolder {
  readonly path = mkdtempSync(join(tmpdir(), "mlstack-workload-"));

  constructor() {
    mkdirSync(join(this.path, "jobs"));
    this.write("jobs/score.py", "print('scores')\n");
    this.write("jobs/tell.py", "print('tells')\n");
    this.write("requirements.txt", "humanize==4.9.0\n");
    cpSync(compiled, join(this.path, "pipeline.yaml"));
    this.declare();
  }

  get file(): string {
    return join(this.path, "workload.yaml");
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** Writes the good declaration with other keys, by their paths. */
  declare(keys: Readonly<Record<string, unknown>> = {}): void {
    const document = new Document(good);
    for (const [path, value] of Object.entries(keys)) {
      if (value === undefined) document.deleteIn(path.split("."));
      else document.setIn(path.split("."), document.createNode(value));
    }
    this.write("workload.yaml", document.toString());
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

describe("a team's own workload", () => {
  let folder: WorkloadFolder;

  beforeEach(() => {
    folder = new WorkloadFolder();
  });

  afterEach(() => folder.remove());

  const stackOf = ({
    name = "fraud",
    stack = {},
    around = {},
  }: Partial<RefusedWorkload>) => ({
    target: { kind: "local" },
    ...around,
    workloads: { [name]: { path: folder.path, ...stack } },
  });

  it("is accepted", () => assert.deepEqual(configProblems(stackOf({})), []));

  it("is refused in forty ways at least", () =>
    assert.ok(refused.length >= 40, String(refused.length)));

  for (const each of refused) {
    it(`is refused for ${each.what}`, () => {
      if (each.text === undefined) folder.declare(each.folder);
      else folder.write("workload.yaml", each.text);
      assert.deepEqual(configProblems(stackOf(each)), [
        each.line
          .replace("FILE", folder.file)
          .replaceAll("FOLDER", folder.path),
      ]);
    });
  }

  it("tells of all mistakes at once", () => {
    folder.declare({
      "steps.score.pool": "big",
      "steps.tell.image.code": "src",
      "steps.tell.size": { memory: "64Gi" },
    });
    assert.equal(
      configProblems(stackOf({ stack: { team: "risk" } })).length,
      3,
    );
  });

  it("counts what runs side by side against the team's quota, and steps in a row once", () => {
    const row = {
      "steps.score.size": { driver: { cpuRequest: "5" } },
      "steps.tell.size": { cpu: "5" },
    };
    folder.declare(row);
    assert.deepEqual(configProblems(stackOf({})), []);
    folder.declare({ ...row, "steps.tell.env": {} });
    const [line = "", ...others] = configProblems(stackOf({}));
    assert.match(
      line,
      /^teams\[0\].quota.cpu: "8": what runs side by side asks for 10 cores \(workloads.fraud.score 5 cores, workloads.fraud.tell 5 cores\)/,
    );
    assert.deepEqual(others, []);
  });

  it("is refused where two workloads have a job of one name", () => {
    const steps = { "steps.model-score": good.steps.score };
    folder.declare(steps);
    const lines = configProblems({
      target: { kind: "local" },
      workloads: {
        fraud: { path: folder.path },
        "fraud-model": { path: folder.path },
      },
    });
    assert.deepEqual(lines, [
      'workloads.fraud-model: steps.score: "fraud-model-score": workloads.fraud: steps.model-score has a job of the same name; rename one of the steps',
    ]);
  });

  /** Resources that the program registers for the workload. */
  async function registered(
    stack: Readonly<Record<string, unknown>> = {},
    around: Readonly<Record<string, unknown>> = {},
  ) {
    const workloads = { fraud: { path: folder.path, ...stack } };
    // Recordings are cached by settings, which do not contain the folder's content: a random owner forces a new one.
    const owner = `t${Math.random()}`;
    const { resources } = await recordStack("local", {
      workloads,
      owner,
      ...around,
    });
    return new Map(
      resources
        .filter(({ name }) => name.includes("fraud"))
        .map((each) => [`${each.type.split(":").at(-1)} ${each.name}`, each]),
    );
  }

  const trigger = (found: ReadonlyMap<string, Recorded>, key: string) => {
    const { replacementTrigger } = found.get(key) ?? {};
    assert.equal(typeof replacementTrigger, "string", key);
    return replacementTrigger;
  };

  it("gives each step the rights that it names, and a job none in the cluster", async () => {
    const found = await registered();
    assert.deepEqual(
      found.get("EmbeddedAccount ml-fraud-score")?.inputs["grants"],
      [{ bucket: "feature-store", access: "write" }],
    );
    assert.deepEqual(
      found.get("EmbeddedAccount ml-fraud-tell")?.inputs["grants"],
      [],
    );
    assert.ok(found.has("RoleBinding ml-fraud-score-spark"));
    assert.ok(!found.has("RoleBinding ml-fraud-tell-spark"));
  });

  it("gives a step its values, and begins it after the step whose result it takes", async () => {
    const found = await registered({ inputs: { date: "2026-12-24" } });
    const { spec } = found.get("SparkApplication fraud-score")?.inputs as {
      spec: { arguments: string[] };
    };
    assert.deepEqual(spec.arguments, [
      "2026-12-24",
      "s3a://feature-store/fraud/scores",
    ]);
    const job = found.get("Job fraud-tell");
    assert.ok(
      job?.dependencies.some((urn) =>
        urn.endsWith("mlstack:index:JobEnd::fraud-score"),
      ),
      job?.dependencies.join("\n"),
    );
  });

  it("runs again for other code and other values, and not for what the platform or a time-out changes", async () => {
    const key = "SparkApplication fraud-score";
    const first = trigger(await registered(), key);
    folder.declare({ "steps.score.timeout": "1h", "steps.score.retries": 2 });
    const pools = [
      { name: "other", min: 1, max: 1 },
      { name: "cpu", min: 1, max: 1 },
    ];
    assert.equal(trigger(await registered({}, { pools }), key), first);
    const other = { inputs: { date: "2026-12-24" } };
    assert.notEqual(trigger(await registered(other), key), first);
    folder.write("jobs/score.py", "print('scores better')\n");
    assert.notEqual(trigger(await registered(), key), first);
  });

  it("runs again for another revision alone where its step says so", async () => {
    const key = "SparkApplication fraud-score";
    const revision = (text: string) =>
      folder.declare({
        "steps.score.rerun": "revision",
        "steps.score.revision": text,
      });
    revision("1");
    const first = trigger(await registered(), key);
    folder.write("jobs/score.py", "print('scores better')\n");
    assert.equal(trigger(await registered(), key), first);
    revision("2");
    assert.notEqual(trigger(await registered(), key), first);
  });

  it("stands as a suspended schedule where a person starts it, and as a schedule at times", async () => {
    folder.declare({
      "steps.score.run": "manual",
      "steps.tell.run": { schedule: "0 2 * * *", timeZone: "Europe/Berlin" },
      "steps.tell.env": {},
    });
    const found = await registered();
    const spec = (key: string) => found.get(key)?.inputs["spec"] as object;
    const { suspend } = spec("ScheduledSparkApplication fraud-score") as {
      suspend: boolean;
    };
    assert.equal(suspend, true);
    const cron = spec("CronJob fraud-tell");
    const { schedule, timeZone } = cron as Record<string, unknown>;
    assert.deepEqual([schedule, timeZone], ["0 2 * * *", "Europe/Berlin"]);
    assert.ok(!found.has("JobEnd fraud-score"));
  });

  it("has Spark ask for executors while tasks wait, where there may be more", async () => {
    const executors = (executor: object) => {
      folder.declare({ "steps.score.size": { executor } });
      return registered();
    };
    const spec = (found: Awaited<ReturnType<typeof registered>>) =>
      found.get("SparkApplication fraud-score")?.inputs["spec"] as {
        readonly dynamicAllocation?: object;
        readonly executor: { readonly instances: number };
      };
    const fixed = spec(await executors({ instances: 2 }));
    assert.equal(fixed.dynamicAllocation, undefined);
    const moving = spec(await executors({ instances: 2, max: 5 }));
    assert.equal(moving.executor.instances, 2);
    assert.deepEqual(moving.dynamicAllocation, {
      enabled: true,
      initialExecutors: 2,
      minExecutors: 2,
      maxExecutors: 5,
    });
  });

  it("keeps a Spark job's driver on demand, and its executors on spot, where the stack has both", async () => {
    const pools = [
      { name: "spot", min: 0, max: 3, spot: true },
      { name: "cpu", min: 1, max: 1 },
    ];
    const placed = async (step: Readonly<Record<string, unknown>>) => {
      folder.declare(
        Object.fromEntries(
          Object.entries(step).map(([key, value]) => [
            `steps.score.${key}`,
            value,
          ]),
        ),
      );
      const found = await registered({}, { pools });
      const { driver, executor, sparkConf } = found.get(
        "SparkApplication fraud-score",
      )?.inputs["spec"] as Record<"driver" | "executor", PlacedPod> & {
        readonly sparkConf: Readonly<Record<string, string>>;
      };
      return [
        ...[driver, executor].map(
          ({ template }) => template.spec.nodeSelector["mlstack.dev/pool"],
        ),
        sparkConf["spark.decommission.enabled"],
      ];
    };
    const size = { executor: { instances: 2 } };
    assert.deepEqual(await placed({ size }), ["cpu", "spot", "true"]);
    assert.deepEqual(await placed({ size, executorPool: "cpu" }), [
      ...["cpu", "cpu", undefined],
    ]);
    assert.deepEqual(await placed({ size, pool: "spot" }), [
      ...["spot", "spot", "true"],
    ]);
    // Its tasks are the driver's.
    assert.deepEqual((await placed({ size: {} }))[0], "cpu");
  });

  it("serves after the step that it needs, with replicas that a quota has room for", async () => {
    folder.declare({
      "steps.scores": {
        kind: "serve",
        image: { base: "python", code: "jobs" },
        command: ["python3", "serve.py"],
        args: [{ result: "score", field: "rows" }],
        env: { DATE: { input: "date" } },
        health: "/healthz",
        access: { models: "read" },
        size: { replicas: 2, cpu: "2", memory: "256Mi" },
      },
    });
    const found = await registered();
    const { inputs, dependencies } = found.get("Deployment fraud-scores") ?? {};
    const { spec } = inputs as {
      readonly spec: {
        readonly replicas: number;
        readonly selector: object;
        readonly template: {
          readonly metadata: { readonly labels: object };
          readonly spec: {
            readonly serviceAccountName: string;
            readonly containers: readonly {
              readonly env: readonly { readonly name: string }[];
              readonly ports: readonly object[];
              readonly readinessProbe: object;
            }[];
          };
        };
      };
    };
    assert.equal(spec.replicas, 2);
    const selector = { "app.kubernetes.io/name": "fraud-scores" };
    assert.deepEqual(spec.selector, { matchLabels: selector });
    assert.deepEqual(spec.template.metadata.labels, {
      "mlstack.dev/workload": "fraud",
      "mlstack.dev/step": "scores",
      ...selector,
    });
    assert.equal(spec.template.spec.serviceAccountName, "fraud-scores");
    const [container] = spec.template.spec.containers;
    assert.deepEqual(container?.ports, [{ name: "http", containerPort: 8080 }]);
    assert.deepEqual(container?.readinessProbe, {
      httpGet: { path: "/healthz", port: "http" },
      periodSeconds: 2,
    });
    const names = container?.env.map(({ name }) => name) ?? [];
    assert.ok(names.includes("DATE") && !names.includes("MLSTACK_RESULT"));
    assert.ok(
      dependencies?.some((urn) =>
        urn.endsWith("mlstack:index:JobEnd::fraud-score"),
      ),
    );
    assert.deepEqual(
      found.get("EmbeddedAccount ml-fraud-scores")?.inputs["grants"],
      [{ bucket: "models", access: "read" }],
    );
    assert.ok(found.has("Service fraud-scores"));
    assert.ok(found.has("PodDisruptionBudget fraud-scores"));
    // Six cores, with a third replica while a new version comes, beside a job's two.
    folder.declare({
      "steps.scores": {
        kind: "serve",
        image: { base: "python", code: "jobs" },
        size: { replicas: 2, cpu: "2" },
      },
      "steps.tell.size": { cpu: "3" },
    });
    const [line = "", ...others] = configProblems(stackOf({}));
    assert.match(
      line,
      /^teams\[0\].quota.cpu: "8": what runs side by side asks for 9 cores \(workloads.fraud.scores 6 cores, workloads.fraud.tell 3 cores\)/,
    );
    assert.deepEqual(others, []);
  });

  const built = (image: object, gpus = 0) => {
    const context = ownImageContext(folder.path, {
      image: { code: "jobs", ...image },
      size: { gpus },
    } as Step);
    assert.ok(context);
    return context;
  };

  it("computes on GPUs where its step asks for some, unless its image says otherwise", () => {
    const pip = (image: object, gpus: number) =>
      built({ base: "pytorch", ...image }, gpus).args["PIP"];
    assert.equal(pip({}, 0), undefined);
    assert.match(pip({}, 1) ?? "", /^torch==/);
    assert.equal(pip({ cuda: false }, 1), undefined);
    assert.match(pip({ cuda: true }, 0) ?? "", /^torch==/);
  });

  it("has the platform's packages with what they need where its image asks for them", () => {
    const plain = built({ base: "python" });
    const { files = {}, args } = built({ base: "pipeline", features: true });
    for (const module of ["mlstack_features/store", "mlstack_pipelines/run"])
      assert.ok(`mlstack-packages/${module}.py` in files, module);
    assert.equal(args["PACKAGES"], "mlstack-packages");
    for (const pin of readFileSync(
      "workloads/pipelines/requirements.txt",
      "utf8",
    ).match(/\S+/g) ?? [])
      assert.ok(args["PIP"]?.split(" ").includes(pin), pin);
    assert.deepEqual(Object.keys(plain.files ?? {}), [
      "mlstack-requirements.txt",
    ]);
    assert.deepEqual(plain.args, { CODE: "jobs" });
    // Another version of them is no other code of the step.
    const image = { base: "pipeline", code: "jobs" } as const;
    const withPackages = built(image);
    const { files: own = {} } = withPackages;
    const without = Object.fromEntries(
      Object.entries(own).filter(([name]) => !name.includes("/")),
    );
    assert.notDeepEqual(without, own);
    assert.equal(
      ownContent(image, withPackages),
      ownContent(image, { ...withPackages, files: without }),
    );
  });

  it("has of its code what a list names, under its own names", () => {
    folder.write("jobs/other.py", "");
    const { include, args } = built({
      base: "python",
      code: ["jobs/tell.py", "requirements.txt"],
    });
    assert.deepEqual(include, ["jobs/tell.py", "requirements.txt"]);
    assert.equal(args["CODE"], ".");
  });

  it("trains with every framework, with memory that replicas share", async () => {
    const training = (kind: string) => ({
      kind,
      image: { base: kind, code: "jobs" },
      command: ["python3", "tell.py"],
      sharedMemory: "256Mi",
      after: kind === "pytorch" ? [] : ["pytorch"],
    });
    folder.declare({
      steps: Object.fromEntries(
        ["pytorch", "tensorflow", "xgboost"].map((kind) => [
          kind,
          training(kind),
        ]),
      ),
    });
    const found = await registered(
      {},
      { kubeflow: { trainingOperator: true } },
    );
    for (const [kind, name] of [
      ["PyTorchJob", "pytorch"],
      ["TFJob", "tensorflow"],
      ["XGBoostJob", "xgboost"],
    ] as const) {
      const job = found.get(`${kind} fraud-${name}`);
      assert.match(
        JSON.stringify(job?.inputs),
        /"emptyDir":\{"medium":"Memory","sizeLimit":"256Mi"\}/,
      );
      assert.ok(found.has(`JobEnd fraud-${name}`));
    }
  });
});
