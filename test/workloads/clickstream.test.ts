import assert from "node:assert/strict";

import { contentHash } from "../../components/pipelines/compiled-pipeline";
import { submission, templateOf } from "../../stacks/commands/submit";
import { parseConfig } from "../../stacks/config";
import { configProblems } from "../support/config-problems";
import type { Recorded } from "../support/recording-monitor";
import { recordStack } from "../support/stack-program";

const on = { enabled: true };
const text = (value: unknown) => JSON.stringify(value);

/** Resources of the workload that the local stack registers, by kind and name. */
async function registered(
  clickstream: object,
  around: Readonly<Record<string, unknown>> = {},
): Promise<ReadonlyMap<string, Recorded>> {
  const { resources } = await recordStack("local", {
    ...around,
    workloads: { clickstream },
  });
  return new Map(
    resources
      .filter(({ name }) => name.includes("clickstream"))
      .map((each) => [`${each.type.split(":").at(-1)} ${each.name}`, each]),
  );
}

function found(all: ReadonlyMap<string, Recorded>, key: string): Recorded {
  const resource = all.get(key);
  assert.ok(resource, `${key} among ${[...all.keys()].join(", ")}`);
  return resource;
}

/** The pipeline that a stack without Kubeflow deploys. */
function deployed(all: ReadonlyMap<string, Recorded>) {
  const { metadata, data } = found(all, "ConfigMap clickstream-pipeline")
    .inputs as {
    readonly metadata: { readonly name: string };
    readonly data: Readonly<Record<string, string>>;
  };
  const pipeline = JSON.parse(data["pipeline.yaml"] ?? "") as {
    readonly root: {
      readonly inputDefinitions: {
        readonly parameters: Readonly<
          Record<string, { readonly defaultValue: unknown }>
        >;
      };
    };
  };
  return { name: metadata.name, pipeline };
}

function defaultOf(all: ReadonlyMap<string, Recorded>, parameter: string) {
  const { parameters } = deployed(all).pipeline.root.inputDefinitions;
  return parameters[parameter]?.defaultValue;
}

const trigger = (all: ReadonlyMap<string, Recorded>, key: string) => {
  const { replacementTrigger } = found(all, key);
  assert.equal(typeof replacementTrigger, "string", key);
  return replacementTrigger;
};

describe("the steps that a stack switches on", () => {
  const stepsOf = (clickstream: object) => {
    const { declared } = parseConfig(
      {
        target: { kind: "local" },
        kubeflow: { trainingOperator: true },
        workloads: { clickstream },
      },
      "test",
    );
    return Object.fromEntries(
      (declared[0]?.steps ?? []).map(({ name, after }) => [name, after]),
    );
  };

  it("are features and training unless others are named", () =>
    assert.deepEqual(stepsOf({}), { features: [], training: ["features"] }));

  it("bring those that they need along, and keep the order of those that are off", () =>
    assert.deepEqual(
      stepsOf({ steps: { tensorflow: on, pipeline: on, serving: on } }),
      {
        features: [],
        training: ["features"],
        export: ["training", "features"],
        tensorflow: ["export"],
        fit: [],
        pipeline: ["training", "tensorflow", "features"],
        serving: ["training", "tensorflow", "pipeline", "features"],
      },
    ));

  it("may leave the others out", () =>
    assert.deepEqual(stepsOf({ steps: { training: { enabled: false } } }), {
      features: [],
    }));
});

describe("an input that is a file of the project", () => {
  const data = "test/workloads/clickstream-events.csv";

  it("is put on the step's image, and another content runs the step anew", async () => {
    const built = await registered({ inputs: { data } });
    const image = found(built, "Image clickstream-features-inputs");
    assert.deepEqual(image.inputs["files"], {
      "data/clickstream-events.csv": data,
    });
    const key = "SparkApplication clickstream-features";
    assert.match(
      text(found(built, key).inputs),
      /"arguments":\["--input=\/opt\/mlstack-inputs\/data\/clickstream-events.csv","--column=user=user_id"/,
    );
    const without = await registered({});
    assert.notEqual(trigger(without, key), trigger(built, key));
    // Other steps of the same code have no file, and its image as it is.
    const training = "SparkApplication clickstream-training";
    assert.equal(trigger(without, training), trigger(built, training));
    assert.ok(!without.has("Image clickstream-features-inputs"));
    assert.doesNotMatch(text(found(without, key).inputs), /--input|--encoding/);
  });

  it("is looked at with the names that the stack gives the columns", () => {
    const problems = (inputs: object) =>
      configProblems({
        target: { kind: "local" },
        workloads: { clickstream: { inputs } },
      });
    assert.deepEqual(problems({ data }), []);
    const [line = "", ...others] = problems({ data, userColumn: "customer" });
    assert.match(
      line,
      /^workloads.clickstream.inputs.data: .*: the file lacks customer; it has user_id, /,
    );
    assert.deepEqual(others, []);
  });
});

describe("a job with other values", () => {
  it("has them behind the text that stands before them", async () => {
    const all = await registered({ inputs: { data: "raw:first.csv" } });
    const resources = [...all.values()].map(({ urn, type, inputs }) => ({
      ...{ urn, type, inputs: { ...inputs }, outputs: { ...inputs } },
    }));
    const template = templateOf(resources, "clickstream", "features");
    const data = "s3a://elsewhere/second.csv";
    const body = text(
      submission(template, { data, userColumn: "customer" }).body,
    );
    assert.match(body, /"--input=s3a:\/\/elsewhere\/second.csv"/);
    assert.match(body, /"--column=user=customer"/);
    assert.throws(
      () => submission(template, { data: "second.csv" }),
      /--set data: "second.csv": name it by its URI/,
    );
  });
});

describe("a pipeline without Kubeflow", () => {
  const pipeline = (step: object = {}, inputs: object = {}, steps = {}) =>
    registered({ inputs, steps: { pipeline: { ...on, ...step }, ...steps } });

  it("is kept under the name of its content, and another value of a parameter is another name", async () => {
    const one = deployed(await pipeline());
    assert.equal(one.name, `clickstream-pipeline-${contentHash(one.pipeline)}`);
    const other = await pipeline({}, { threshold: 0.9 });
    assert.notEqual(one.name, deployed(other).name);
    assert.equal(defaultOf(other, "threshold"), 0.9);
    assert.notEqual(
      trigger(await pipeline(), "Job clickstream-pipeline"),
      trigger(other, "Job clickstream-pipeline"),
    );
  });

  it("is run by a Job of the team, which ends for good when the gate refuses", async () => {
    const all = await pipeline();
    const { inputs } = found(all, "Job clickstream-pipeline");
    const { name } = deployed(all);
    assert.match(text(inputs), /"--argument=instant=\\"\d+\\""/);
    assert.ok(text(inputs).includes(`"configMap":{"name":"${name}"}`));
    assert.ok(
      text(inputs).includes(
        '"--cache=s3a://models/clickstream-pipeline/cache"',
      ),
    );
    assert.match(
      text(inputs),
      /"podFailurePolicy":{"rules":\[{"action":"FailJob","onExitCodes":{[^}]*"values":\[3\]/,
    );
    const end = found(all, "JobEnd clickstream-pipeline");
    assert.equal(end.inputs["kind"], "Job");
    assert.equal(end.inputs["name"], "clickstream-pipeline");
  });

  it("may submit trainings and read features, and nothing else", async () => {
    const all = await pipeline();
    assert.deepEqual(found(all, "Role clickstream-pipeline").inputs["rules"], [
      {
        apiGroups: [""],
        resources: ["serviceaccounts"],
        resourceNames: ["clickstream-fit"],
        verbs: ["submit"],
      },
      {
        apiGroups: ["sparkoperator.k8s.io"],
        resources: ["sparkapplications"],
        verbs: ["create", "get", "delete"],
      },
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    ]);
    const grants = (account: string) =>
      found(all, `EmbeddedAccount ml-clickstream-${account}`).inputs["grants"];
    assert.deepEqual(grants("pipeline"), [
      { bucket: "feature-store", access: "read" },
      { bucket: "models", access: "write" },
    ]);
    assert.deepEqual(grants("fit"), [{ bucket: "models", access: "write" }]);
    // One that submits nothing may nothing in the cluster.
    const alone = await pipeline({ parameters: { training_job: "" } });
    assert.ok(!alone.has("Role clickstream-pipeline"));
  });

  it("has its training in it, without retries of its own and without a secret", async () => {
    const size = { driver: { memory: "2g" } };
    const all = await pipeline({}, {}, { fit: { size } });
    const job = JSON.parse(String(defaultOf(all, "training_job"))) as {
      readonly metadata: { readonly name: string };
      readonly spec: {
        readonly restartPolicy: object;
        readonly driver: {
          readonly memory: string;
          readonly serviceAccount: string;
        };
      };
    };
    assert.equal(job.metadata.name, "clickstream-fit");
    assert.deepEqual(job.spec.restartPolicy, { type: "Never" });
    assert.equal(job.spec.driver.memory, "2g");
    assert.equal(job.spec.driver.serviceAccount, "clickstream-fit");
    assert.doesNotMatch(text(job), /"AWS_SECRET_ACCESS_KEY","value"/);
  });
});

describe("a pipeline on Kubeflow", () => {
  const pipeline = (step: object = {}) =>
    registered(
      { steps: { pipeline: { ...on, ...step } } },
      { kubeflow: { pipelines: true } },
    );

  it("is a Pipeline and a PipelineVersion named by content, with the identity's variables in its steps", async () => {
    const all = await pipeline();
    const version = found(all, "PipelineVersion clickstream-pipeline");
    const { metadata, spec } = version.inputs as {
      readonly metadata: { readonly name: string; readonly namespace: string };
      readonly spec: {
        readonly pipelineSpec: object;
        readonly platformSpec: object;
      };
    };
    const { pipelineSpec, platformSpec } = spec;
    assert.equal(
      metadata.name,
      `clickstream-pipeline-${contentHash({ pipelineSpec, platformSpec })}`,
    );
    assert.equal(metadata.namespace, "kubeflow");
    assert.ok(
      version.dependencies.includes(
        found(all, "Pipeline clickstream-pipeline").urn,
      ),
    );
    assert.match(
      text(pipelineSpec),
      /"env":\[{"name":"AWS_ENDPOINT_URL","value":"http/,
    );
    assert.match(
      text(platformSpec),
      /{"envVar":"AWS_SECRET_ACCESS_KEY","secretKey":"AWS_SECRET_ACCESS_KEY"}/,
    );
    assert.ok(!all.has("ConfigMap clickstream-pipeline"));
  });

  it("is run and scheduled through its API, as an account that may train in the team's namespace", async () => {
    const all = await pipeline({ schedule: "0 3 * * *" });
    const { inputs } = found(all, "Job clickstream-pipeline");
    for (const argument of [
      "mlstack_pipelines.submit",
      "--name=clickstream-pipeline",
      "--host=http://ml-pipeline.kubeflow.svc:8888",
      "--record=s3a://models/clickstream-pipeline/registered/latest.json",
      "--schedule=0 3 * * *",
      "--service-account=clickstream-pipeline",
    ])
      assert.ok(text(inputs).includes(`"${argument}"`), argument);
    const bindings = [...all]
      .filter(
        ([key, { inputs: given }]) =>
          key.startsWith("RoleBinding ") &&
          text(given["subjects"]).includes('"namespace":"kubeflow"'),
      )
      .map(([, { inputs: given }]) => {
        const { metadata, roleRef } = given as {
          readonly metadata: { readonly namespace: string };
          readonly roleRef: { readonly name: string };
        };
        return `${metadata.namespace}/${roleRef.name}`;
      });
    assert.deepEqual(bindings.sort(), [
      "kubeflow/pipeline-runner",
      "ml/clickstream-pipeline",
    ]);
  });
});

describe("keys of 0.1", () => {
  for (const [key, words] of [
    ["pool", "pool under steps.features"],
    ["input", "inputs: { data: PATH"],
    ["features", "steps.features.size"],
    ["training", "steps.training.size"],
    ["trainers", "steps.pytorch: { enabled: true, size: … }"],
    ["pipeline", "steps.pipeline: { enabled: true }"],
    ["serving", "steps.serving: { enabled: true, size: … }"],
    ["timeoutSeconds", "timeout, such as 30m"],
  ] as const)
    it(`are refused with how ${key} is written now`, () => {
      const [line = "", ...others] = configProblems({
        target: { kind: "local" },
        workloads: { clickstream: { [key]: {} } },
      });
      assert.ok(
        line.startsWith(
          `workloads.clickstream.${key}: "${key}": it has moved: write `,
        ),
        line,
      );
      assert.ok(line.includes(words), line);
      assert.deepEqual(others, []);
    });
});

describe("what stood before under other parents", () => {
  it("is told to the engine", async () => {
    const all = await registered(
      { steps: { pytorch: on, pipeline: on, serving: on } },
      { kubeflow: { trainingOperator: true } },
    );
    const former =
      "urn:pulumi:local::mlstack::mlstack:workloads:Clickstream$mlstack:workloads";
    for (const [key, alias] of [
      ["OwnWorkload clickstream", '"type":"mlstack:workloads:Clickstream"'],
      ["TrainingJob clickstream-pytorch", `${former}:Trainings::clickstream"`],
      [
        "PipelineRun clickstream-pipeline",
        `${former}:ClickstreamPipeline::clickstream-pipeline"`,
      ],
      [
        "WebService clickstream-serving",
        '"type":"mlstack:components:ModelServer"',
      ],
    ] as const)
      assert.ok(text(found(all, key).aliases).includes(alias), key);
  });
});
