import assert from "node:assert/strict";

import {
  podSchema,
  progress,
  resultOf,
  waitingFor,
} from "../../../infra/provider/job-pod";
import { jobKinds } from "../../../infra/provider/job-status";

const spark = (state: string, restart = "OnFailure") => ({
  spec: { restartPolicy: { type: restart } },
  status: {
    applicationState: { state, errorMessage: "driver container failed" },
    driverInfo: { podName: "job-driver" },
    terminationTime: "2026-01-01T00:00:20Z",
  },
});

const pod = (name: string, status: object, labels: object = {}) =>
  podSchema.parse({ metadata: { name, labels }, status });

describe("state of a SparkApplication", () => {
  const { SparkApplication } = jobKinds;
  const ended = (object: object) => SparkApplication.state(object).ended;

  it("is terminal when it has completed or finally failed", () => {
    assert.equal(ended(spark("COMPLETED")), "succeeded");
    assert.equal(ended(spark("FAILED")), "failed");
    for (const state of ["SUBMITTED", "RUNNING", "FAILING", "PENDING_RERUN"]) {
      assert.equal(ended(spark(state)), undefined, state);
    }
  });

  it("waits for the retries of a submission", () => {
    assert.equal(ended(spark("SUBMISSION_FAILED")), undefined);
    assert.equal(ended(spark("SUBMISSION_FAILED", "Never")), "failed");
  });

  it("is new before the operator has seen it", () =>
    assert.deepEqual(SparkApplication.state({}), {
      state: "NEW",
      ended: undefined,
      reason: undefined,
      finishedAt: undefined,
    }));

  it("takes result and log from the driver that the operator names", () => {
    const driver = pod("job-driver", {}, { "spark-role": "driver" });
    const executor = pod("job-exec-1", {}, { "spark-role": "executor" });
    const found = SparkApplication.main(spark("RUNNING"), [executor, driver]);
    assert.equal(found, driver);
    assert.ok(SparkApplication.isExecutor(executor));
    assert.ok(!SparkApplication.isExecutor(driver));
  });
});

describe("state of kinds with conditions", () => {
  const status = (...types: string[]) => ({
    status: {
      conditions: types.map((type) => ({
        type,
        status: "True",
        message: `it is ${type}`,
        lastTransitionTime: "2026-01-01T00:00:00Z",
      })),
    },
  });

  it("ends a batch Job by Complete or Failed", () => {
    assert.equal(
      jobKinds.Job.state(status("SuccessCriteriaMet", "Complete")).ended,
      "succeeded",
    );
    const failed = jobKinds.Job.state(status("FailureTarget", "Failed"));
    assert.equal(failed.ended, "failed");
    assert.equal(failed.reason, "it is Failed");
  });

  it("ends a training job by Succeeded or Failed", () => {
    for (const kind of ["PyTorchJob", "TFJob", "XGBoostJob"] as const) {
      const { state } = jobKinds[kind];
      assert.equal(state(status("Created", "Running")).ended, undefined);
      assert.equal(state(status("Created", "Running")).state, "Running");
      assert.equal(state(status("Created", "Succeeded")).ended, "succeeded");
      assert.equal(state(status("Created", "Failed")).ended, "failed");
    }
  });

  it("ignores conditions that do not hold", () =>
    assert.equal(
      jobKinds.PyTorchJob.state({
        status: {
          conditions: [
            { type: "Succeeded", status: "False" },
            { type: "Running", status: "True" },
          ],
        },
      }).ended,
      undefined,
    ));
});

describe("the pod that tells how a job went", () => {
  const attempt = (name: string, second: number, phase: string, labels = {}) =>
    podSchema.parse({
      metadata: {
        name,
        labels,
        creationTimestamp: `2026-01-01T00:00:0${second}Z`,
      },
      status: { phase },
    });
  const first = attempt("job-zz", 1, "Failed");
  const last = attempt("job-aa", 5, "Failed");

  it("is the last attempt of a Job that failed, whatever its name", () => {
    assert.equal(jobKinds.Job.main({}, [last, first]), last);
    assert.equal(jobKinds.Job.main({}, [first, last]), last);
  });

  it("is the attempt that succeeded", () => {
    const good = attempt("job-mm", 3, "Succeeded");
    assert.equal(jobKinds.Job.main({}, [good, first, last]), good);
  });

  it("is the newest master of a training, or else the newest first replica", () => {
    const label = (name: string, value: string) => ({
      [`training.kubeflow.org/${name}`]: value,
    });
    const masters = [
      attempt("a", 1, "Failed", label("job-role", "master")),
      attempt("b", 2, "Running", label("job-role", "master")),
    ];
    const worker = attempt("c", 3, "Running", label("replica-index", "0"));
    assert.equal(
      jobKinds.PyTorchJob.main({}, [...masters, worker]),
      masters[1],
    );
    assert.equal(jobKinds.TFJob.main({}, [worker]), worker);
  });
});

describe("result of a job", () => {
  const ended = (message: string) =>
    pod("p", {
      containerStatuses: [
        { name: "c", state: { terminated: { exitCode: 0, message } } },
      ],
    });

  it("is the JSON of the termination message", () =>
    assert.deepEqual(resultOf(ended('{"rows":7,"metrics":{"auc":0.9}}')), {
      rows: 7,
      metrics: { auc: 0.9 },
    }));

  it("is empty without one, or when it is for people", () => {
    assert.deepEqual(resultOf(undefined), {});
    assert.deepEqual(resultOf(ended("Traceback: …")), {});
    assert.deepEqual(resultOf(ended("7")), {});
  });
});

describe("progress of a job", () => {
  const unschedulable = pod("p", {
    phase: "Pending",
    conditions: [
      {
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: "0/2 nodes are available: 2 Insufficient cpu.",
      },
    ],
  });
  const pulling = pod("q", {
    phase: "Pending",
    containerStatuses: [
      {
        name: "c",
        state: { waiting: { reason: "ErrImagePull", message: "not found" } },
      },
    ],
  });

  it("says why a pod waits", () => {
    assert.equal(waitingFor(pulling), "ErrImagePull: not found");
    assert.equal(
      progress("SUBMITTED", [unschedulable, pod("r", { phase: "Running" })]),
      "SUBMITTED; pods: 1 pending, 1 running; waits for cpu: 0/2 nodes are available: 2 Insufficient cpu",
    );
  });

  it("says what it asks for that no node of its pool has free", () => {
    const asking = podSchema.parse({
      metadata: { name: "p" },
      spec: {
        nodeSelector: { "mlstack.dev/pool": "gpu" },
        containers: [
          { resources: { requests: { cpu: "500m", "nvidia.com/gpu": "1" } } },
        ],
      },
      status: {
        phase: "Pending",
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message:
              "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
          },
        ],
      },
    });
    assert.equal(
      waitingFor(asking),
      "waits for nvidia.com/gpu: 1 on pool gpu: 0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) didn't match Pod's node affinity/selector",
    );
  });

  it("says so too where no node is of its pool", () => {
    const message =
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: none.";
    const asking = podSchema.parse({
      metadata: { name: "p" },
      spec: { nodeSelector: { "mlstack.dev/pool": "burst" } },
      status: {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "False", message }],
      },
    });
    assert.equal(
      waitingFor(asking),
      "waits for a node that fits on pool burst: 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector",
    );
  });

  it("takes a container that is being made for normal", () =>
    assert.equal(
      waitingFor(
        pod("s", {
          phase: "Pending",
          containerStatuses: [
            { name: "c", state: { waiting: { reason: "ContainerCreating" } } },
          ],
        }),
      ),
      undefined,
    ));
});
