import { readFileSync } from "node:fs";

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { JobEnd } from "../../../components/jobs/job-end";
import {
  SparkApplication,
  type SparkApplicationSpec,
} from "../../../components/kinds/spark-application";
import { runOptions } from "../../../components/jobs/run-options";

/** Two jobs of which the second depends on the run of the first. */
const kubeconfig = readFileSync(process.env["KUBECONFIG"] ?? "", "utf8");
const provider = new k8s.Provider("cluster", { kubeconfig });

function run(name: string, argument: pulumi.Input<string>): JobEnd {
  const pod = { cores: 1, memory: process.env["MEMORY"] ?? "1g" };
  const spec: SparkApplicationSpec = {
    type: "Python",
    mode: "cluster",
    sparkVersion: "3.5.7",
    image: "example",
    mainApplicationFile: "local:///job.py",
    arguments: [argument],
    sparkConf: {},
    // An empty field, which the operator's webhook removes.
    hadoopConf: {},
    restartPolicy: { type: "Never" },
    driver: pod,
    executor: { ...pod, instances: 1 },
  };
  const job = new SparkApplication(
    name,
    { metadata: { name, namespace: "default" }, spec },
    runOptions(spec, { provider }),
  );
  return new JobEnd(name, {
    kubeconfig,
    apiVersion: job.apiVersion,
    kind: job.kind,
    namespace: "default",
    name,
    uid: job.metadata.apply(({ uid }) => uid ?? ""),
    timeoutSeconds: 60,
  });
}

const first = run("first", "data");
run("second", pulumi.interpolate`--run=${first.id}`);
