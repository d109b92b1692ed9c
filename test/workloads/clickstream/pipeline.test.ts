import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { HudiStore } from "../../../components/hudi-store";
import { SparkOperator } from "../../../components/spark-operator";
import { Team } from "../../../components/team";
import { contentHash } from "../../../components/compiled-pipeline";
import { Image } from "../../../components/image";
import { provision, targetSchema } from "../../../infra";
import { ClickstreamPipeline } from "../../../workloads/clickstream/pipeline";
import { pipelineSchema } from "../../../workloads/clickstream/pipeline-config";
import { record, type Recording } from "../../support/recording-monitor";

/** What the project's own provider and the API server add to inputs. */
const outputs: Readonly<Record<string, object>> = {
  "mlstack:index:LocalCluster": { kubeconfig: "{}", gateway: "10.89.0.1" },
  "mlstack:index:Image": { ref: "mlstack.local/image:0" },
  "mlstack:index:RandomSecret": { hex: "00" },
  "mlstack:index:EmbeddedAccount": { accessKeyId: "GK0", secretAccessKey: "0" },
  "kubernetes:pipelines.kubeflow.org/v2beta1:Pipeline": {
    metadata: { name: "clickstream-pipeline", uid: "uid-of-pipeline" },
  },
  "kubernetes:pipelines.kubeflow.org/v2beta1:PipelineVersion": {
    metadata: { uid: "uid-of-version" },
  },
};

const local = targetSchema.parse({ kind: "local" });
assert.ok(local.kind === "local");

function register(config: object, onKubeflow = false) {
  return record(
    () => {
      const platform = provision("local", {
        name: "test",
        target: local,
        pools: [{ name: "cpu", min: 1, max: 1, spot: false }],
        tags: { stack: "test", owner: "ml" },
        lifetime: "short",
      });
      const store = new HudiStore("store", {
        platform,
        bucket: {
          versioned: true,
          expireNoncurrentDays: 30,
          protect: false,
          forceDestroy: true,
        },
      });
      const team = new Team("ml", {
        platform,
        quota: { cpu: "8", memory: "32Gi", gpus: 0, pods: 50 },
      });
      const [pool] = platform.pools;
      assert.ok(pool);
      new ClickstreamPipeline("clickstream-pipeline", {
        platform,
        store,
        team,
        pool,
        sparkOperator: new SparkOperator("spark-operator", { platform }),
        jobs: new Image("jobs", {
          image: "clickstream",
          context: "workloads/images/redis",
          dockerfile: "workloads/images/redis/Dockerfile",
          registry: platform.images,
        }),
        pipelines: onKubeflow
          ? pulumi.output([team as pulumi.Resource])
          : undefined,
        config: pipelineSchema.parse(config),
        instant: "20300101000000000",
        timeoutSeconds: 600,
        after: [],
      });
    },
    { outputs: (type) => ({ ...outputs[type] }) },
  );
}

const text = (value: unknown) => JSON.stringify(value);

/** The pipeline that a stack without Kubeflow deploys. */
function deployed(recording: Recording<unknown>) {
  const map = recording.one(
    "kubernetes:core/v1:ConfigMap",
    "clickstream-pipeline",
  );
  const { metadata, data } = map.inputs as {
    metadata: { name: string };
    data: Record<string, string>;
  };
  return {
    name: metadata.name,
    pipeline: JSON.parse(data["pipeline.yaml"] ?? "") as object,
  };
}

describe("pipeline without Kubeflow", () => {
  it("is kept under the name of its content, and another default is another name", async () => {
    const one = deployed(await register({}));
    assert.equal(one.name, `clickstream-pipeline-${contentHash(one.pipeline)}`);
    const other = deployed(await register({ threshold: 0.9 }));
    assert.notEqual(one.name, other.name);
  });

  it("is run by a Job of the team, which ends for good when the gate refuses", async () => {
    const recording = await register({});
    const { inputs } = recording.one("kubernetes:batch/v1:Job");
    const { name } = deployed(recording);
    assert.match(text(inputs), /"--argument=instant=\\"20300101000000000\\""/);
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
    const end = recording.one("mlstack:index:JobEnd");
    assert.equal(end.inputs["kind"], "Job");
    assert.equal(end.inputs["name"], "clickstream-pipeline");
  });

  it("may submit trainings and read features, and nothing else", async () => {
    const recording = await register({});
    const role = recording.one(
      "kubernetes:rbac.authorization.k8s.io/v1:Role",
      "clickstream-pipeline",
    );
    assert.deepEqual(role.inputs["rules"], [
      {
        apiGroups: ["sparkoperator.k8s.io"],
        resources: ["sparkapplications"],
        verbs: ["create", "get", "delete"],
      },
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    ]);
    const key = recording.one(
      "mlstack:index:EmbeddedAccount",
      "ml-clickstream-pipeline",
    );
    assert.deepEqual(key.inputs["grants"], [
      { bucket: "feature-store", access: "read" },
      { bucket: "models", access: "write" },
    ]);
  });

  it("has its training in it, without retries of its own and without a secret", async () => {
    const { pipeline } = deployed(
      await register({ training: { driver: { memory: "2g" } } }),
    );
    const job = JSON.parse(
      String(
        Reflect.get(
          (
            pipeline as {
              root: {
                inputDefinitions: { parameters: Record<string, object> };
              };
            }
          ).root.inputDefinitions.parameters["training_job"] ?? {},
          "defaultValue",
        ),
      ),
    ) as { spec: { restartPolicy: object; driver: { memory: string } } };
    assert.deepEqual(job.spec.restartPolicy, { type: "Never" });
    assert.equal(job.spec.driver.memory, "2g");
    assert.doesNotMatch(text(job), /"AWS_SECRET_ACCESS_KEY","value"/);
  });
});

describe("pipeline on Kubeflow", () => {
  it("is a Pipeline and a PipelineVersion named by content, with the identity's variables in its steps", async () => {
    const recording = await register({}, true);
    const group = "kubernetes:pipelines.kubeflow.org/v2beta1";
    const version = recording.one(`${group}:PipelineVersion`);
    const { metadata, spec } = version.inputs as {
      metadata: { name: string; namespace: string };
      spec: {
        pipelineName: string;
        pipelineSpec: object;
        platformSpec: object;
      };
    };
    const { pipelineSpec, platformSpec } = spec;
    assert.equal(
      metadata.name,
      `clickstream-pipeline-${contentHash({ pipelineSpec, platformSpec })}`,
    );
    assert.equal(metadata.namespace, "kubeflow");
    assert.ok(
      version.dependencies.includes(recording.one(`${group}:Pipeline`).urn),
    );
    assert.match(
      text(pipelineSpec),
      /"env":\[{"name":"AWS_ENDPOINT_URL","value":"http/,
    );
    assert.match(
      text(platformSpec),
      /{"envVar":"AWS_SECRET_ACCESS_KEY","secretKey":"AWS_SECRET_ACCESS_KEY"}/,
    );
    assert.equal(
      recording
        .ofType("kubernetes:core/v1:ConfigMap")
        .filter(({ name }) => name === "clickstream-pipeline").length,
      0,
    );
  });

  it("is run and scheduled through its API, as an account that may train in the team's namespace", async () => {
    const recording = await register({ schedule: "0 3 * * *" }, true);
    const { inputs } = recording.one("kubernetes:batch/v1:Job");
    for (const argument of [
      "pipelines.submit",
      "--host=http://ml-pipeline.kubeflow.svc:8888",
      "--pipeline-id=uid-of-pipeline",
      "--version-id=uid-of-version",
      "--schedule=0 3 * * *",
      "--service-account=clickstream-pipeline",
    ]) {
      assert.ok(text(inputs).includes(`"${argument}"`), argument);
    }
    const bindings = recording
      .ofType("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding")
      .filter(({ inputs }) =>
        text(inputs["subjects"]).includes('"namespace":"kubeflow"'),
      )
      .map(({ inputs }) => {
        const { metadata, roleRef } = inputs as {
          metadata: { namespace: string };
          roleRef: { name: string };
        };
        return `${metadata.namespace}/${roleRef.name}`;
      });
    assert.deepEqual(bindings.sort(), [
      "kubeflow/pipeline-runner",
      "ml/clickstream-pipeline",
    ]);
  });
});
