import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { Report } from "../../stacks/commands/report/report";
import type { WorkloadReport } from "../../stacks/commands/jobs/workload-report";
import type { Kubectl } from "../support/kubectl";
import { TestStack } from "../support/test-stack";

const place = {
  subnet: "10.95.0.0/24",
  podCidr: "10.251.0.0/16",
  serviceCidr: "10.102.0.0/16",
};
const pipeline = "clickstream-pipeline";
const steps = [
  "resolve-instant",
  "read-features",
  "split-sessions",
  "train-model",
  "evaluate-model",
  "check-quality",
  "register-model",
];

interface Job {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels?: Record<string, string> };
      readonly spec: {
        readonly containers: readonly {
          readonly args: readonly string[];
        }[];
        readonly volumes: readonly {
          readonly configMap?: { readonly name: string };
        }[];
      };
    };
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
    }[];
  };
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly {
      readonly state: { readonly terminated?: { readonly message?: string } };
    }[];
  };
}

interface Result {
  readonly metrics: Readonly<Record<string, number>>;
  readonly instant: string;
  readonly version: string;
  readonly model: string;
  readonly steps: Readonly<Record<string, number>>;
  readonly error?: string;
}

interface ConfigMap {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

interface Ended {
  readonly succeeded: boolean;
  readonly result: Result;
  /** Pods that the Job took. */
  readonly pods: number;
}

/** The pipeline on a local stack for real, with KFP's local runner in a Job: needs root, and the toolchain built. */
describe("pipeline on the local stack", function () {
  let stack: TestStack;
  let kubectl: Kubectl;
  let report: Report;

  const configure = (inputs: object) =>
    stack.set(["workloads"], {
      clickstream: { inputs, steps: { pipeline: { enabled: true } } },
    });

  before(async () => {
    stack = new TestStack("pipelines-test", {
      target: { kind: "local", ...place },
    });
    configure({});
    await stack.succeed("up");
    report = stack.report();
    kubectl = stack.kubectl();
  });

  after(() => stack.end());

  const workload = (name: string): WorkloadReport => {
    const found = report.workloads.find((each) => each.name === name);
    assert.ok(found, `${name} in the report`);
    return found;
  };

  const applications = () =>
    kubectl
      .run(["get", "sparkapplications", "-n", "ml", "-o", "name"])
      .split("\n")
      .filter((name) => name.includes("/clickstream-fit-"));

  const podsOf = (job: string): readonly Pod[] =>
    kubectl.get<{ items: readonly Pod[] }>(
      ...["pods", "-n", "ml", "-l", `batch.kubernetes.io/job-name=${job}`],
    ).items;

  const messageOf = (pod: Pod | undefined): Result =>
    JSON.parse(
      pod?.status.containerStatuses?.[0]?.state.terminated?.message ?? "{}",
    ) as Result;

  /** Runs the stack's Job again under another name, with more arguments. */
  async function runAgain(
    name: string,
    given: readonly string[],
    disturb: () => boolean = () => true,
  ): Promise<Ended> {
    const { spec } = kubectl.get<Job>("job", pipeline, "-n", "ml");
    const { template, ...rest } = spec as Job["spec"] & Record<string, unknown>;
    const [container] = template.spec.containers;
    assert.ok(container);
    kubectl.apply({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name, namespace: "ml" },
      spec: {
        backoffLimit: rest["backoffLimit"],
        podFailurePolicy: rest["podFailurePolicy"],
        template: {
          spec: {
            ...template.spec,
            containers: [{ ...container, args: [...container.args, ...given] }],
          },
        },
      },
    });
    let disturbed = false;
    for (;;) {
      disturbed ||= disturb();
      const { status } = kubectl.get<Job>("job", name, "-n", "ml");
      const end = status?.conditions?.find(
        (condition) =>
          ["Complete", "Failed"].includes(condition.type) &&
          condition.status === "True",
      );
      if (end !== undefined) {
        assert.ok(disturbed, `${name} ended before it was disturbed`);
        const pods = podsOf(name);
        const succeeded = end.type === "Complete";
        const last =
          pods.find((pod) => pod.status.phase === "Succeeded") ?? pods.at(-1);
        return { succeeded, result: messageOf(last), pods: pods.length };
      }
      await pause(500);
    }
  }

  const argument = (name: string, value: unknown) =>
    `--argument=${name}=${JSON.stringify(value)}`;

  /** Every version that is there; a run that failed leaves the one before it, and the next that ends well does not. */
  const versions = () =>
    kubectl.get<{ items: readonly ConfigMap[] }>(
      ...["configmaps", "-n", "ml", "-l", "mlstack.dev/pipeline-version"],
    ).items;

  /** The version that the stack's Job runs. */
  const deployedMap = (): ConfigMap => {
    const { spec } = kubectl.get<Job>("job", pipeline, "-n", "ml");
    const name = spec.template.spec.volumes[0]?.configMap?.name;
    const map = versions().find(({ metadata }) => metadata.name === name);
    assert.ok(map, `${name} is kept`);
    return map;
  };

  /** Arguments of a run that finds nothing of what another kept or trained: another time-out is another training. */
  const afresh = (timeoutSeconds: number) => {
    const deployed = JSON.parse(
      deployedMap().data?.["pipeline.yaml"] ?? "{}",
    ) as {
      root: {
        inputDefinitions: {
          parameters: Record<string, { defaultValue: string }>;
        };
      };
    };
    const { parameters } = deployed.root.inputDefinitions;
    const job = JSON.parse(
      parameters["training_job"]?.defaultValue ?? "{}",
    ) as { spec: Record<string, unknown> };
    job.spec["timeToLiveSeconds"] = timeoutSeconds;
    return [
      argument("timeout_seconds", timeoutSeconds),
      argument("training_job", JSON.stringify(job)),
    ];
  };

  const runningDriver = (known: ReadonlySet<string>): string | undefined => {
    const fresh = applications().find((name) => !known.has(name));
    if (fresh === undefined) return undefined;
    const state = kubectl.run([
      ...["get", fresh, "-n", "ml"],
      ...["-o", "jsonpath={.status.applicationState.state}"],
    ]);
    return state === "RUNNING" ? fresh : undefined;
  };

  it("ends in the report with the AUC of the training that it repeats", () => {
    const { state, kind, metrics } = workload(pipeline);
    assert.equal(state, "Complete");
    assert.equal(kind, "Job");
    assert.equal(
      metrics["auc"],
      workload("clickstream-training").metrics["auc"],
    );
    assert.ok((metrics["stepSeconds"] ?? 0) > 0);
  });

  it("trained with one SparkApplication, in every step once", () => {
    assert.equal(applications().length, 1);
    const { steps: taken } = messageOf(podsOf(pipeline)[0]);
    assert.deepEqual(Object.keys(taken), steps);
  });

  it("has nothing to change at a second look", async () => {
    await stack.succeed("preview", "--expect-no-changes");
  });

  it("runs no step again whose inputs are the same", async () => {
    const { succeeded, result } = await runAgain("same", []);
    assert.ok(succeeded);
    // Which commit is wanted is asked anew each time.
    assert.deepEqual(Object.keys(result.steps), ["resolve-instant"]);
    assert.equal(applications().length, 1);
  });

  it("refuses a model below the threshold, once, and says why", async () => {
    const { succeeded, result, pods } = await runAgain("strict", [
      argument("threshold", 0.999),
    ]);
    assert.ok(!succeeded);
    assert.match(
      result.error ?? "",
      /^step check-quality: AUC 0\.\d+ is below the threshold 0\.999: the model is not registered$/,
    );
    assert.equal(pods, 1);
  });

  it("says which instants there are when it is asked for another", async () => {
    const { succeeded, result } = await runAgain("elsewhen", [
      argument("instant", "20010101000000000"),
    ]);
    assert.ok(!succeeded);
    assert.match(
      result.error ?? "",
      /^step resolve-instant: instant 20010101000000000: not a commit of .*; it has \d{17}$/,
    );
  });

  it("trains again when its SparkApplication is taken away", async () => {
    const known = new Set(applications());
    const { succeeded, result, pods } = await runAgain(
      "bereft",
      afresh(3601),
      () => {
        const fresh = runningDriver(known);
        if (fresh === undefined) return false;
        kubectl.run(["delete", fresh, "-n", "ml", "--wait=false"]);
        return true;
      },
    );
    assert.ok(succeeded);
    assert.equal(pods, 1, "the step was tried again, not the Job");
    assert.equal(result.metrics["auc"], workload(pipeline).metrics["auc"]);
  });

  it("goes on in another pod with the training that is under way", async () => {
    const known = new Set(applications());
    let fresh: string | undefined;
    let uid = "";
    const uidOf = (name: string) =>
      kubectl.run([
        ...["get", name, "-n", "ml", "-o", "jsonpath={.metadata.uid}"],
      ]);
    const { succeeded, result, pods } = await runAgain(
      "killed",
      afresh(3602),
      () => {
        fresh = runningDriver(known);
        const [pod] = podsOf("killed");
        if (fresh === undefined || pod === undefined) return false;
        uid = uidOf(fresh);
        // The Job counts a pod that was killed, and starts another.
        kubectl.run([
          ...["exec", pod.metadata.name, "-n", "ml", "--"],
          ...["sh", "-c", "kill -9 -1 || true"],
        ]);
        return true;
      },
    );
    assert.ok(succeeded);
    assert.equal(pods, 2);
    assert.ok(fresh);
    assert.equal(uidOf(fresh), uid, "the same SparkApplication to its end");
    // The steps before the training had ended; and the gate has seen this AUC before.
    assert.deepEqual(Object.keys(result.steps), [
      "resolve-instant",
      "train-model",
      "evaluate-model",
      "register-model",
    ]);
    assert.equal(result.metrics["auc"], workload(pipeline).metrics["auc"]);
  });

  it("may run SparkApplications, and nothing else of what others have", () => {
    const account = `system:serviceaccount:ml:${pipeline}`;
    const may = (verb: string, what: string, namespace: string) => {
      try {
        return (
          kubectl
            .run([
              "auth",
              "can-i",
              verb,
              what,
              "-n",
              namespace,
              "--as",
              account,
            ])
            .trim() === "yes"
        );
      } catch {
        return false;
      }
    };
    assert.ok(may("create", "sparkapplications.sparkoperator.k8s.io", "ml"));
    for (const [verb, what, namespace] of [
      ["list", "sparkapplications.sparkoperator.k8s.io", "ml"],
      ["create", "sparkapplications.sparkoperator.k8s.io", "default"],
      ["get", "secrets", "ml"],
      ["create", "jobs.batch", "ml"],
    ] as const) {
      assert.ok(!may(verb, what, namespace), `${verb} ${what} in ${namespace}`);
    }
  });

  it("fails the stack when the gate refuses, and stands in the report with the reason", async () => {
    const before = deployedMap().metadata.name;
    configure({ threshold: 0.99 });
    const { code, output } = await stack.start("up").end;
    assert.notEqual(code, 0);
    const reason =
      /step check-quality: AUC 0\.\d+ is below the threshold 0\.99/;
    assert.match(output, reason);
    assert.notEqual(deployedMap().metadata.name, before);
    const found = stack
      .report()
      .workloads.find(({ name }) => name === pipeline);
    assert.equal(found?.state, "Failed");
  });

  it("is deployed under another name when it changes, and runs what the change concerns", async () => {
    const before = deployedMap().metadata.name;
    configure({ threshold: 0.85 });
    await stack.succeed("up");
    assert.notEqual(deployedMap().metadata.name, before);
    assert.equal(versions().length, 1);
    const { steps: taken } = messageOf(podsOf(pipeline)[0]);
    assert.deepEqual(Object.keys(taken), ["resolve-instant", "check-quality"]);
  });

  it("goes down with its stack", async () => {
    await stack.succeed("down");
    assert.ok(!existsSync(join(stack.folder, "report.json")));
  });
});
