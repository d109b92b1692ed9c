import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { parseAllDocuments } from "yaml";

import { spotTaint as aksSpotTaint } from "../../infra/aks/rules";
import { chartOfRelease, repositoryOf } from "../../infra/charts/chart-source";
import { spotTaint } from "../../infra/pools/placement";
import { mirrorFolder } from "../../infra/supply/mirror";
import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import { defaultObjects } from "../../components/teams/quota";
import { priorityClassesAnnotation } from "../../components/teams/label";
import { charts } from "../../components/versions";
import { renderChart } from "../../stacks/preview/helm";
import { startControlPlane, type ControlPlane } from "../support/control-plane";
import { projectStacks, recordStack } from "../support/stack-program";
import type { Recorded } from "../support/recording-monitor";

type Fields = Readonly<Record<string, unknown>>;

const application = (spec: Fields, kind = "SparkApplication") => ({
  apiVersion: "sparkoperator.k8s.io/v1beta2",
  kind,
  metadata: { name: "attempt", namespace: "ml" },
  spec:
    kind === "SparkApplication"
      ? spec
      : { schedule: "0 0 * * *", template: spec },
});

const pod = { cores: 1, memory: "512m" };

/** An application that a member may have. */
const fair = {
  type: "Python",
  mode: "cluster",
  sparkVersion: "3.5.7",
  image: "registry.example/job",
  mainApplicationFile: "local:///opt/job.py",
  sparkConf: {
    "spark.sql.shuffle.partitions": "8",
    "spark.kubernetes.allocation.batch.size": "5",
    "spark.kubernetes.executor.volumes.emptyDir.spark-local-dir-1.mount.path":
      "/scratch",
    "spark.kubernetes.driver.master": "local[2,4]",
    "spark.hadoop.fs.s3a.connection.maximum": "10",
    "spark.jarsOfMine": "1",
  },
  // Settings of the connectors of all targets.
  hadoopConf: {
    "fs.s3a.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "fs.abfss.impl": "org.apache.hadoop.fs.azurebfs.SecureAzureBlobFileSystem",
    "fs.AbstractFileSystem.abfss.impl": "org.apache.hadoop.fs.azurebfs.Abfss",
    "fs.azure.account.oauth2.token.file":
      "/var/run/secrets/azure/tokens/azure-identity-token",
    "fs.gs.impl": "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem",
    "fs.AbstractFileSystem.gs.impl":
      "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFS",
  },
  deps: { jars: ["local:///opt/a.jar"], pyFiles: ["local:///opt/b.py"] },
  driver: { ...pod, labels: { cost: "7" } },
  executor: { ...pod, instances: 1 },
};

const conf = (key: string, value = "x") => ({
  sparkConf: { ...fair.sparkConf, [key]: value },
});

/** Applications that must be refused: the fields that differ from the accepted one, and the message. */
const applications: Readonly<Record<string, readonly [Fields, RegExp]>> = {
  "pods of another namespace": [
    conf("spark.kubernetes.namespace", "kube-system"),
    /spec\.sparkConf: of spark\.kubernetes/,
  ],
  ...Object.fromEntries(
    [
      "repl.Main",
      "sql.hive.thriftserver.SparkSQLCLIDriver",
      "sql.hive.thriftserver.HiveThriftServer2",
      "sql.connect.service.SparkConnectServer",
    ].map((shell) => [
      `arguments that spark-submit takes for its own options, by ${shell}`,
      [
        {
          mainClass: `org.apache.spark.${shell}`,
          arguments: ["--conf", "spark.kubernetes.namespace=kube-system"],
        },
        /spec\.mainClass: for a class of Spark's own/,
      ] as const,
    ]),
  ),
  "pods of a template of the operator's files": [
    conf("spark.kubernetes.driver.podTemplateFile", "/etc/passwd"),
    /spec\.sparkConf: of spark\.kubernetes/,
  ],
  "another account": [
    conf("spark.kubernetes.authenticate.driver.serviceAccountName", "default"),
    /spec\.sparkConf: of spark\.kubernetes/,
  ],
  "another account, with the token of the operator": [
    conf(
      "spark.kubernetes.authenticate.submission.oauthTokenFile",
      "/var/run/secrets/kubernetes.io/serviceaccount/token",
    ),
    /spec\.sparkConf: of spark\.kubernetes/,
  ],
  "a label that keeps the webhook away": [
    conf(
      "spark.kubernetes.driver.label.sparkoperator.k8s.io/launched-by-spark-operator",
      "false",
    ),
    /spec\.sparkConf/,
  ],
  "another context": [
    conf("spark.kubernetes.context", "admin"),
    /spec\.sparkConf: of spark\.kubernetes/,
  ],
  "an upload to a server of its own": [
    conf("spark.kubernetes.file.upload.path", "http://198.51.100.1/"),
    /spec\.sparkConf: of spark\.kubernetes/,
  ],
  "a configuration of Kerberos from the operator's files": [
    conf("spark.kubernetes.kerberos.krb5.path", "/etc/krb5.conf"),
    /spec\.sparkConf: of spark\.kubernetes/,
  ],
  "the operator's token as a keytab": [
    conf(
      "spark.kerberos.keytab",
      "/var/run/secrets/kubernetes.io/serviceaccount/token",
    ),
    /spec\.sparkConf: spark\.master/,
  ],
  "another API server": [
    conf("spark.master", "k8s://https://198.51.100.1"),
    /spec\.sparkConf: spark\.master/,
  ],
  "another API server for the driver": [
    conf("spark.kubernetes.driver.master", "https://198.51.100.1"),
    /spec\.sparkConf: spark\.kubernetes\.driver\.master/,
  ],
  "another API server for the driver, by the field": [
    {
      driver: {
        ...fair.driver,
        kubernetesMaster: "k8s://https://198.51.100.1",
      },
    },
    /spec\.driver\.kubernetesMaster/,
  ],
  "a driver in the operator's pod": [
    conf("spark.submit.deployMode", "client"),
    /spec\.sparkConf: spark\.master/,
  ],
  "a driver in the operator's pod, by the field": [
    { mode: "client" },
    /spec\.mode/,
  ],
  "files of the operator's pod": [
    conf("spark.files", "file:///var/run/secrets"),
    /spec\.sparkConf: spark\.master/,
  ],
  "archives of the operator's pod": [
    conf("spark.archives", "/var/run/secrets"),
    /spec\.sparkConf: spark\.master/,
  ],
  "a jar of the operator's pod": [
    conf("spark.jars", "/opt/spark/jars/x.jar"),
    /spec\.sparkConf: spark\.master/,
  ],
  "settings of Ivy": [
    conf("spark.jars.ivySettings", "/etc/passwd"),
    /spec\.sparkConf: spark\.master/,
  ],
  "packages by a setting": [
    conf("spark.jars.packages", "a:b:1"),
    /spec\.sparkConf: spark\.master/,
  ],
  "a key with more in it": [
    conf("spark.a=b --conf spark.kubernetes.namespace"),
    /spec\.sparkConf: keys/,
  ],
  "a key with a line break": [
    conf("spark.a\nspark.b"),
    /spec\.sparkConf: keys/,
  ],
  packages: [{ deps: { packages: ["a:b:1"] } }, /spec\.deps\.packages/],
  "a repository": [
    { deps: { repositories: ["http://198.51.100.1"] } },
    /spec\.deps\.repositories/,
  ],
  "a file of the operator's pod": [
    { deps: { files: ["local:///a", "file:///var/run/secrets"] } },
    /spec\.deps\.files/,
  ],
  "a path of the operator's pod": [
    { deps: { pyFiles: ["/var/run/secrets/token"] } },
    /spec\.deps\.pyFiles/,
  ],
  "a file of a bucket, which the operator's pod would open": [
    {
      deps: { jars: ["s3a://b/a/x.jar"] },
      hadoopConf: { "fs.s3a.path.style.access": "true" },
    },
    /spec\.deps\.jars/,
  ],
  ...Object.fromEntries(
    ["jars", "files", "pyFiles", "archives"].map((list) => [
      `a second file behind a comma, in ${list}`,
      [
        { deps: { [list]: ["local:///a.jar,hdfs://127.0.0.1:1/x.jar"] } },
        new RegExp(`spec\\.deps\\.${list}`),
      ] as const,
    ]),
  ),
  "files of a pattern": [
    { deps: { jars: ["local:///opt/*.jar"] } },
    /spec\.deps\.jars/,
  ],
  "a second main file behind a comma": [
    { mainApplicationFile: "local:///a.py,hdfs://127.0.0.1:1/x.py" },
    /spec\.mainApplicationFile/,
  ],
  ...Object.fromEntries(
    [
      {
        "fs.s3a.impl":
          "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
      },
      { "fs.s3a.impl": "org.apache.hadoop.hive.metastore.ObjectStore" },
      { "fs.gs.impl": "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFS.Evil" },
      {
        "net.topology.table.file.name":
          "/var/run/secrets/kubernetes.io/serviceaccount/token",
      },
      { "javax.jdo.option.ConnectionURL": "jdbc:derby:/tmp/db;create=true" },
      { "fs.viewfs.mounttable.b.link./a": "hdfs://127.0.0.1:1/" },
      { "hadoop.security.authentication": "kerberos" },
    ].flatMap((hadoopConf) => {
      const [[key = "", value = ""] = []] = Object.entries(hadoopConf);
      const message = /spec\.hadoopConf, spark\.hadoop|spec\.sparkConf: keys/;
      return [
        [`${key}: ${value}`, [{ hadoopConf }, message]],
        [
          `spark.hadoop.${key}: ${value}`,
          [conf(`spark.hadoop.${key}`, value), message],
        ],
      ] as const;
    }),
  ),
  "a class path of the operator's spark-submit": [
    conf("spark.driver.defaultExtraClassPath", "/tmp/x"),
    /spec\.sparkConf: spark\.master/,
  ],
  "a main file of the operator's pod": [
    { mainApplicationFile: "/opt/spark/examples/src/main/python/pi.py" },
    /spec\.mainApplicationFile/,
  ],
  "an option in place of a main file": [
    { mainApplicationFile: "--proxy-user=x" },
    /spec\.mainApplicationFile/,
  ],
  "the operator's labels": [
    {
      driver: {
        ...fair.driver,
        labels: { "sparkoperator.k8s.io/launched-by-spark-operator": "false" },
      },
    },
    /spec\.driver\.labels/,
  ],
  "the operator's labels in a template": [
    {
      executor: {
        ...fair.executor,
        template: {
          metadata: { labels: { "spark-role": "driver" } },
        },
      },
    },
    /spec\.executor\.template\.metadata\.labels/,
  ],
  "a load balancer for its page": [
    { sparkUIOptions: { serviceType: "LoadBalancer" } },
    /spec\.sparkUIOptions/,
  ],
  "an ingress": [
    {
      driverIngressOptions: [
        {
          servicePort: 4040,
          servicePortName: "ui",
          ingressURLFormat: "x.example",
        },
      ],
    },
    /spec\.driverIngressOptions/,
  ],
};

const service = (spec: Fields) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "attempt", namespace: "ml" },
  spec: { ports: [{ port: 80 }], ...spec },
});

const services: Readonly<Record<string, readonly [Fields, RegExp]>> = {
  "an address of others": [
    { externalIPs: ["203.0.113.9"] },
    /spec\.externalIPs/,
  ],
  "a port of the nodes": [{ type: "NodePort" }, /spec\.type/],
};

/** Accounts of the team, which their roles let do everything there. */
const accounts = ["driver", "other"];

const settings = (name: string, labels: Fields) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "ml", labels },
});

const executor = { "spark-role": "executor", "spark-app-selector": "x" };

const executorPod = (labels: Fields, serviceAccountName?: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "attempt", namespace: "ml", labels },
  spec: {
    serviceAccountName,
    containers: [{ name: "a", image: "registry.example/job" }],
  },
});

/** Admission policies on a real API server, which evaluates them; nothing is run. */
describe("admission policies", function () {
  this.timeout(15 * 60_000);

  let controlPlane: ControlPlane | undefined;
  /** The policies and their bindings, as the program declares them. */
  let declared: readonly object[] = [];

  function kubectl(args: readonly string[], input?: object) {
    const all = ["--kubeconfig", controlPlane?.kubeconfig ?? "", ...args];
    const { status, stdout, stderr } = spawnSync(toolPath("kubectl"), all, {
      encoding: "utf8",
      input: input && JSON.stringify(input),
    });
    return { status, stdout, stderr };
  }

  function make(object: object): void {
    const { status, stderr } = kubectl(["create", "-f", "-"], object);
    assert.equal(status, 0, stderr);
  }

  /** Response of the API server to the creation of an object, as a dry run. */
  const ask = (object: object) =>
    kubectl(["create", "--dry-run=server", "-f", "-"], object);

  function requireRefused(object: object, why: RegExp): void {
    const { status, stderr } = ask(object);
    assert.notEqual(status, 0, "it was let in");
    assert.match(stderr, /ValidatingAdmissionPolicy 'mlstack-/);
    assert.match(stderr, why);
  }

  before(async () => {
    const tools = ["etcd", "kube-apiserver", "kube-controller-manager"];
    await ensureTools(["kubectl", "kubeadm", ...tools], terminalProgress);
    controlPlane = await startControlPlane({ api: 16743, etcd: 12679 });
    const mirror = mirrorFolder();
    const { chart, ...source } = chartOfRelease(
      charts.sparkOperator,
      existsSync(mirror) ? mirror : undefined,
    );
    const rendered = await renderChart(
      {
        chart: String(chart),
        version: String(source.version ?? ""),
        release: "spark-operator",
        namespace: "spark-operator",
        repositoryOpts: repositoryOf(charts.sparkOperator),
        crds: true,
        values: {},
      },
      {},
    );
    for (const document of parseAllDocuments(rendered)) {
      const object = document.toJS() as { kind?: string } | null;
      if (object?.kind === "CustomResourceDefinition") make(object);
    }
    const { resources } = await recordStack("local");
    const policies = resources.filter(({ type }) =>
      type.includes(":ValidatingAdmissionPolicy"),
    );
    assert.equal(policies.length, 18);
    for (const { inputs } of policies) make(inputs);
    declared = policies.map(({ inputs }) => inputs);
    const labels = { "mlstack.dev/team": "ml" };
    const annotations = { [priorityClassesAnnotation]: "batch,urgent" };
    for (const metadata of [
      { name: "ml", labels },
      { name: "bounded", labels },
      { name: "elsewhere" },
      { name: "late" },
      { name: "urgent", labels, annotations },
    ])
      make({ apiVersion: "v1", kind: "Namespace", metadata });
    for (const [name, value] of [
      ["urgent", 1000],
      ["patient", -10],
    ] as const)
      make({
        apiVersion: "scheduling.k8s.io/v1",
        kind: "PriorityClass",
        metadata: { name },
        value,
      });
    const limits = resources.filter(({ type }) =>
      /:(ResourceQuota|LimitRange)$/.test(type),
    );
    assert.equal(limits.length, 2);
    for (const { inputs } of limits)
      make({ ...inputs, metadata: { name: "limits", namespace: "bounded" } });
    for (const namespace of ["bounded", "elsewhere", "late"])
      make({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "driver", namespace },
      });
    const rules = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
    const roleRef = {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "Role",
      name: "all",
    };
    const metadata = { name: "all", namespace: "ml" };
    const apiVersion = "rbac.authorization.k8s.io/v1";
    make({ apiVersion, kind: "Role", metadata, rules });
    const subjects = [...accounts, "default-editor"].map((name) => ({
      kind: "ServiceAccount",
      name,
      namespace: "ml",
    }));
    for (const { name, namespace } of subjects)
      make({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name, namespace },
      });
    make({ apiVersion, kind: "RoleBinding", metadata, roleRef, subjects });
    // One of a workload, with what the program gives such a one.
    make({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "narrow", namespace: "ml" },
    });
    const narrow = { name: "narrow", namespace: "ml" };
    const core = (
      resource: string,
      verbs: readonly string[],
      name?: string,
    ) => ({
      apiGroups: [""],
      resources: [resource],
      verbs,
      ...(name && { resourceNames: [name] }),
    });
    make({
      apiVersion,
      kind: "Role",
      metadata: narrow,
      rules: [
        core("pods", ["create"]),
        core("persistentvolumeclaims", ["create"]),
        core("secrets", ["mount"], "declared"),
        core("persistentvolumeclaims", ["mount"], "declared"),
        core("serviceaccounts", ["submit"], "driver"),
        {
          apiGroups: ["sparkoperator.k8s.io"],
          resources: ["sparkapplications"],
          verbs: ["create"],
        },
      ],
    });
    make({
      apiVersion,
      kind: "RoleBinding",
      metadata: narrow,
      roleRef: { ...roleRef, name: "narrow" },
      subjects: ["ml", "kubeflow"].map((namespace) => ({
        kind: "ServiceAccount",
        name: "narrow",
        namespace,
      })),
    });
    for (const account of accounts) {
      const { metadata, ...pod } = executorPod(executor, account);
      make({ ...pod, metadata: { ...metadata, name: `of-${account}` } });
    }
    make(settings("of-a-person", {}));
    make(settings("of-an-application", { "spark-app-selector": "x" }));
    // The API server reads policies and kinds some moments after they are made.
    for (const end = Date.now() + 60_000; ; await pause(200)) {
      const refused = [
        application({ ...fair, mode: "client" }),
        service({ type: "NodePort" }),
      ].every((object) => ask(object).stderr.includes("mlstack-"));
      if (refused) break;
      assert.ok(Date.now() < end, "the policies never held");
    }
  });

  after(() => controlPlane?.stop());

  it("are declared anew without a conflict, as by a run that goes on with a killed one", () => {
    for (const manager of ["killed", "next"]) {
      for (const policy of declared) {
        const { status, stderr } = kubectl(
          [
            ...["apply", "--server-side", `--field-manager=${manager}`],
            ...["-f", "-"],
          ],
          policy,
        );
        assert.equal(status, 0, stderr);
      }
    }
  });

  it("have no expression that the API server warns of", async () => {
    // A controller judges the expressions some moments after they are made, and notes of which generation.
    for (const end = Date.now() + 60_000; ; await pause(200)) {
      const judged = kubectl([
        ...["get", "validatingadmissionpolicies", "-o"],
        `jsonpath={range .items[*]}{.metadata.generation} {.status.observedGeneration}{"\\n"}{end}`,
      ]).stdout.trim();
      const lines = judged.split("\n").map((line) => line.trim().split(" "));
      if (lines.every(([made, seen]) => made === seen)) break;
      assert.ok(Date.now() < end, `they were never judged: ${judged}`);
    }
    const { stdout } = kubectl([
      ...["get", "validatingadmissionpolicies", "-o"],
      "jsonpath={.items[*].status.typeChecking.expressionWarnings}",
    ]);
    assert.equal(stdout, "");
  });

  for (const kind of ["SparkApplication", "ScheduledSparkApplication"]) {
    it(`let in a ${kind} that stays in its team`, () => {
      const { status, stderr } = ask(application(fair, kind));
      assert.equal(status, 0, stderr);
    });

    for (const [what, [change, why]] of Object.entries(applications)) {
      it(`refuse a ${kind} that asks for ${what}`, () =>
        requireRefused(application({ ...fair, ...change }, kind), why));
    }
  }

  it("refuse what is changed later", () => {
    make(application(fair));
    const patch = { spec: { mode: "client" } };
    const { status, stderr } = kubectl([
      ...["patch", "sparkapplication", "attempt", "-n", "ml", "--type=merge"],
      ...["-p", JSON.stringify(patch)],
    ]);
    assert.notEqual(status, 0);
    assert.match(stderr, /spec\.mode/);
  });

  for (const [what, [spec, why]] of Object.entries(services)) {
    it(`refuse a Service that asks for ${what}`, () =>
      requireRefused(service(spec), why));
  }

  it("refuse a pod with the priority of Kubernetes' own, and let in one without", () => {
    // Before the controllers have made the account, a pod that names none is refused for it.
    const pod = (priorityClassName?: string) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "attempt", namespace: "ml" },
      spec: {
        ...{ priorityClassName, serviceAccountName: "driver" },
        containers: [{ name: "a", image: "registry.example/job" }],
      },
    });
    for (const name of ["system-node-critical", "system-cluster-critical"])
      requireRefused(pod(name), /spec\.priorityClassName: the priorities/);
    const { status, stderr } = ask(pod());
    assert.equal(status, 0, stderr);
    // A class of the cluster, unless the stack gives it to the team, or it displaces nothing.
    requireRefused(pod("urgent"), /teams\[\]\.priorityClasses/);
    for (const fair of [
      pod("patient"),
      {
        ...pod("urgent"),
        metadata: { name: "attempt", namespace: "urgent" },
      },
    ])
      assert.doesNotMatch(ask(fair).stderr, /ValidatingAdmissionPolicy/);
    assert.equal(ask(pod("patient")).status, 0);
    const elsewhere = pod("system-cluster-critical");
    assert.doesNotMatch(
      ask({
        ...elsewhere,
        metadata: { ...elsewhere.metadata, namespace: "elsewhere" },
      }).stderr,
      /ValidatingAdmissionPolicy/,
    );
  });

  /** A pod of the namespace, with an account that is there. */
  const placed = (spec: Fields, namespace = "ml") => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "attempt", namespace },
    spec: {
      serviceAccountName: "driver",
      containers: [{ name: "a", image: "registry.example/job" }],
      ...spec,
    },
  });
  const controlPlaneKey = "node-role.kubernetes.io/control-plane";

  for (const [what, spec, why] of [
    [
      "tolerates the taint of control planes",
      {
        tolerations: [
          { key: "nvidia.com/gpu", operator: "Exists" },
          { key: controlPlaneKey, operator: "Exists", effect: "NoSchedule" },
        ],
      },
      /spec\.tolerations: nodes of the control plane/,
    ],
    [
      "tolerates it by its value",
      { tolerations: [{ key: controlPlaneKey }] },
      /spec\.tolerations: nodes of the control plane/,
    ],
    [
      "tolerates the taint of its name up to 1.23",
      {
        tolerations: [
          { key: "node-role.kubernetes.io/master", operator: "Exists" },
        ],
      },
      /spec\.tolerations: nodes of the control plane/,
    ],
    [
      "tolerates the taint of AKS' system nodes",
      { tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }] },
      /spec\.tolerations: nodes of the control plane/,
    ],
    [
      "tolerates everything",
      { tolerations: [{ operator: "Exists" }] },
      /spec\.tolerations: name the key/,
    ],
    [
      "tolerates every taint of an effect",
      { tolerations: [{ operator: "Exists", effect: "NoSchedule" }] },
      /spec\.tolerations: name the key/,
    ],
    [
      "names its node, past the scheduler and its taints",
      { nodeName: "control-1" },
      /spec\.nodeName/,
    ],
  ] as const)
    it(`refuse a pod that ${what}`, () => {
      requireRefused(placed(spec), why);
      const elsewhere = ask(placed(spec, "elsewhere"));
      assert.equal(elsewhere.status, 0, elsewhere.stderr);
    });

  it("refuse a toleration that a pod gets later, and let what came before be finished", async () => {
    const tolerations = [{ operator: "Exists" }];
    const patch = (namespace: string, change: object) =>
      kubectl([
        ...["patch", "pod", "placed", "-n", namespace, "--type=merge"],
        ...["-p", JSON.stringify(change)],
      ]);
    const named = (object: object, namespace: string) => ({
      ...object,
      metadata: {
        name: "placed",
        namespace,
        finalizers: ["mlstack.dev/kept"],
      },
    });
    make(named(placed({}), "ml"));
    // Kubernetes adds tolerations alone, and the API server has put two in itself.
    const { spec } = JSON.parse(
      kubectl(["get", "pod", "placed", "-n", "ml", "-o", "json"]).stdout,
    ) as { readonly spec: { readonly tolerations: readonly object[] } };
    const withMore = (more: readonly object[]) =>
      patch("ml", { spec: { tolerations: [...spec.tolerations, ...more] } });
    const later = withMore(tolerations);
    assert.notEqual(later.status, 0);
    assert.match(later.stderr, /spec\.tolerations: name the key/);
    const fair = [
      { key: "node.kubernetes.io/not-ready", operator: "Exists" },
      { key: "nvidia.com/gpu", operator: "Exists" },
    ];
    const added = withMore(fair);
    assert.equal(added.status, 0, added.stderr);
    // A pod that is older than the policy must be released by the controller whose finalizer it has.
    make(named(placed({ tolerations }), "late"));
    const label = ["label", "namespace", "late", "mlstack.dev/team=late"];
    assert.equal(kubectl(label).status, 0);
    const { metadata, ...rest } = service({ type: "NodePort" });
    const refused = { ...rest, metadata: { ...metadata, namespace: "late" } };
    for (const end = Date.now() + 60_000; ; await pause(200)) {
      if (ask(refused).status !== 0) break;
      assert.ok(Date.now() < end, "the policies never held there");
    }
    const released = patch("late", { metadata: { finalizers: null } });
    assert.equal(released.status, 0, released.stderr);
  });

  it("let in pods of every pool of the project's stacks, and those of a DaemonSet", async () => {
    const texts = new Set<string>();
    for (const stack of projectStacks) {
      const { resources } = await recordStack(stack);
      const teams = resources.flatMap(({ type, inputs }) => {
        const { name, labels = {} } = (inputs["metadata"] ?? {}) as {
          readonly name?: string;
          readonly labels?: Fields;
        };
        return type.endsWith(":Namespace") && "mlstack.dev/team" in labels
          ? [name]
          : [];
      });
      for (const { inputs } of resources) {
        const { namespace } = (inputs["metadata"] ?? {}) as Fields;
        if (teams.includes(namespace as string))
          for (const each of tolerationsIn(inputs))
            texts.add(JSON.stringify(each));
      }
    }
    // That of accelerators is among them.
    assert.match([...texts].join(), /nvidia\.com\/gpu/);
    for (const { key, value, effect } of [spotTaint, aksSpotTaint])
      texts.add(JSON.stringify([{ key, value, effect, operator: "Equal" }]));
    // Tolerations that the DaemonSet controller adds to its pods.
    const ofDaemonSets = [
      ...["not-ready", "unreachable"].map((key) => [key, "NoExecute"]),
      ...["disk-pressure", "memory-pressure", "pid-pressure"].map((key) => [
        key,
        "NoSchedule",
      ]),
      ["unschedulable", "NoSchedule"],
    ].map(([key, effect]) => ({
      key: `node.kubernetes.io/${key}`,
      operator: "Exists",
      effect,
    }));
    const declared = [...texts].map((text) => JSON.parse(text) as object[]);
    for (const tolerations of [...declared, ofDaemonSets]) {
      const { status, stderr } = ask(placed({ tolerations }));
      assert.equal(status, 0, `${JSON.stringify(tolerations)}: ${stderr}`);
    }
  });

  it("leave the addresses behind a service to the controllers, which go on writing them", async () => {
    const addresses = {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "attempt", namespace: "ml" },
      subsets: [
        { addresses: [{ ip: "203.0.113.9" }], ports: [{ port: 10250 }] },
      ],
    };
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "attempt", namespace: "ml" },
      addressType: "IPv4",
      endpoints: [{ addresses: ["203.0.113.9"] }],
      ports: [{ port: 10250 }],
    };
    for (const object of [addresses, slice]) {
      // The role of these accounts lets them do everything in the namespace.
      const refused = kubectl(
        [
          "--as=system:serviceaccount:ml:default-editor",
          ...["create", "--dry-run=server", "-f", "-"],
        ],
        object,
      );
      assert.notEqual(refused.status, 0, "it was let in");
      assert.match(refused.stderr, /ValidatingAdmissionPolicy 'mlstack-endpo/);
      assert.match(refused.stderr, /write spec\.selector of the service/);
      const administrator = ask(object);
      assert.equal(administrator.status, 0, administrator.stderr);
    }
    const { metadata, ...rest } = service({ selector: { app: "a" } });
    make({ ...rest, metadata: { ...metadata, name: "selecting" } });
    for (const end = Date.now() + 60_000; ; await pause(200)) {
      const made = kubectl([
        ...["get", "endpointslices,endpoints", "-n", "ml", "-o"],
        "jsonpath={.items[*].kind}",
      ]).stdout;
      if (/EndpointSlice/.test(made) && /Endpoints/.test(made)) break;
      assert.ok(Date.now() < end, `the controllers made: ${made}`);
    }
  });

  const bounded = (object: { readonly metadata: Fields }) => ({
    ...object,
    metadata: { ...object.metadata, name: "attempt", namespace: "bounded" },
  });
  const claim = (storage: string) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {},
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage } },
    },
  });

  /** Usage in the API server's ResourceQuota, once the controller has counted. */
  async function whenCounted(): Promise<Readonly<Record<string, string>>> {
    for (const end = Date.now() + 60_000; ; await pause(200)) {
      const { stdout } = kubectl([
        ...["get", "resourcequota", "limits", "-n", "bounded"],
        ...["-o", "json"],
      ]);
      const { spec, status = {} } = JSON.parse(stdout) as {
        readonly spec: { readonly hard: Fields };
        readonly status?: { readonly used?: Readonly<Record<string, string>> };
      };
      const { used = {} } = status;
      const missing = Object.keys(spec.hard).filter((key) => !(key in used));
      if (missing.length === 0) return used;
      assert.ok(Date.now() < end, `never counted: ${missing.join(", ")}`);
    }
  }

  it("leave to the quota, which counts each of its kinds: more storage than the team has is refused", async () => {
    const used = await whenCounted();
    // The namespace itself has one: the certificate of the cluster.
    assert.equal(used["configmaps"], "1");
    assert.equal(ask(bounded(claim("1Gi"))).status, 0);
    const { stderr } = ask(bounded(claim("3Ti")));
    assert.match(stderr, /exceeded quota: limits.*requests\.storage/);
    const item = (index: number) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `secret-${index}`, namespace: "bounded" },
    });
    const list = (items: readonly object[]) => ({
      apiVersion: "v1",
      kind: "List",
      items,
    });
    const secrets = Array.from({ length: defaultObjects }, (_, at) => item(at));
    make(list(secrets));
    assert.match(
      ask(item(defaultObjects)).stderr,
      /exceeded quota: limits.*secrets=1/,
    );
  });

  it("leave the disk of a node to the limits: a pod that names none gets one, and one that asks for more is refused", async () => {
    await whenCounted();
    const pod = (limit?: string, containers = 1) =>
      bounded({
        ...executorPod({}, "driver"),
        spec: {
          serviceAccountName: "driver",
          containers: Array.from({ length: containers }, (_, at) => ({
            name: `a${at}`,
            image: "registry.example/job",
            resources: {
              requests: { cpu: "100m", memory: "1Gi" },
              ...(limit && { limits: { "ephemeral-storage": limit } }),
            },
          })),
        },
      } as { readonly metadata: Fields });
    const { stdout, stderr } = kubectl(
      ["create", "--dry-run=server", "-o", "json", "-f", "-"],
      pod(),
    );
    assert.ok(stdout, stderr);
    const made = JSON.parse(stdout) as {
      readonly spec: {
        readonly containers: readonly {
          readonly resources: {
            readonly requests: Fields;
            readonly limits: Fields;
          };
        }[];
      };
    };
    const [container] = made.spec.containers;
    assert.equal(container?.resources.limits["ephemeral-storage"], "100Gi");
    assert.equal(container?.resources.requests["ephemeral-storage"], "0");
    assert.equal(ask(pod("50Gi")).status, 0);
    assert.match(
      ask(pod("1Ti")).stderr,
      /maximum ephemeral-storage usage per Container is 100Gi/,
    );
    // A node keeps the storage that a pod reserves when its disk is full.
    assert.equal(ask(pod("100Gi", 10)).status, 0);
    assert.match(
      ask(pod("100Gi", 11)).stderr,
      /exceeded quota: limits.*requests\.ephemeral-storage=1100Gi/,
    );
    assert.equal(ask(pod(undefined, 11)).status, 0);
  });

  it("let in a Service within the cluster, or one for the quota to judge", () => {
    // How many load balancers a team may have is its quota's.
    for (const spec of [{}, { clusterIP: "None" }, { type: "LoadBalancer" }])
      assert.equal(ask(service(spec)).status, 0);
  });

  const asAccount = (name: string, args: readonly string[], input?: object) =>
    kubectl(
      [
        ...[`--as=system:serviceaccount:ml:${name}`, "--namespace=ml"],
        ...["--dry-run=server", ...args],
      ],
      input,
    );
  const creates = (name: string, object: object) =>
    asAccount(name, ["create", "-f", "-"], object);
  const deletes = (name: string, configMap: string) =>
    asAccount(name, ["delete", "configmap", configMap]);

  it("let an account of a team make its executors, and remove what is a Spark application's", () => {
    for (const { status, stderr } of [
      creates("driver", executorPod(executor, "driver")),
      creates("driver", executorPod(executor)),
      creates("driver", settings("a", { "spark-app-selector": "x" })),
      deletes("driver", "of-an-application"),
      asAccount("driver", ["delete", "pod", "of-driver"]),
      // Kubeflow's, for people.
      creates("default-editor", executorPod({}, "driver")),
    ])
      assert.equal(status, 0, stderr);
  });

  for (const [what, answer, why] of [
    [
      "runs as another",
      () => creates("driver", executorPod(executor, "other")),
      /spec\.serviceAccountName/,
    ],
    [
      "is no executor",
      () => creates("driver", executorPod({ "spark-app-selector": "x" })),
      /spark-role: executor/,
    ],
    [
      "is of no application",
      () => creates("driver", executorPod({ "spark-role": "executor" })),
      /spark-app-selector/,
    ],
    [
      "is somebody's, and is to go",
      () => deletes("driver", "of-a-person"),
      /spark-app-selector/,
    ],
    [
      "is somebody's, and is to become its own",
      () =>
        asAccount("driver", [
          ...["label", "configmap", "of-a-person", "spark-app-selector=x"],
        ]),
      /spark-app-selector/,
    ],
    [
      "is another's executor, and is to go",
      () => asAccount("driver", ["delete", "pod", "of-other"]),
      /spec\.serviceAccountName/,
    ],
    [
      "is another's executor, and is to run another image",
      () =>
        asAccount("driver", [
          ...["set", "image", "pod/of-other", "a=registry.example/mine"],
        ]),
      /spec\.serviceAccountName/,
    ],
    [
      "are all, and are to go at once",
      () => asAccount("driver", ["delete", "configmap", "--all"]),
      /spark-app-selector/,
    ],
  ] as const)
    it(`refuse an account of a team what ${what}`, () => {
      const { status, stderr } = answer();
      assert.notEqual(status, 0, "it was let in");
      assert.match(stderr, /ValidatingAdmissionPolicy 'mlstack-accounts'/);
      assert.match(stderr, why);
    });

  const executorWith = (spec: Fields, container: Fields = {}) => {
    const { spec: plain, ...pod } = executorPod(executor, "narrow");
    const [first] = plain.containers;
    return {
      ...pod,
      spec: { ...plain, ...spec, containers: [{ ...first, ...container }] },
    };
  };
  const variable = (secret: string, name = "A") => ({
    name,
    valueFrom: { secretKeyRef: { name: secret, key: "a" } },
  });
  const volumes = (...sources: readonly Fields[]) => ({
    volumes: sources.map((source, at) => ({ name: `v${at}`, ...source })),
  });
  const claimed = (claimName: string) => ({
    persistentVolumeClaim: { claimName },
  });
  const copied = {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "1Gi" } },
    dataSource: { kind: "PersistentVolumeClaim", name: "notebook-home" },
  };

  it("let executors read what their workload declares, and what is their account's own", () => {
    for (const pod of [
      executorWith({}, { env: [variable("narrow-object-store")] }),
      executorWith(
        {},
        {
          env: [variable("declared"), variable("declared", "B")],
          envFrom: [
            { secretRef: { name: "narrow.mine" } },
            { configMapRef: { name: "settings" } },
          ],
        },
      ),
      executorWith({
        initContainers: [
          { name: "b", image: "x", env: [variable("declared")] },
        ],
      }),
      executorWith(
        volumes(
          { secret: { secretName: "declared" } },
          claimed("declared"),
          claimed("job-4f1c-exec-12-pvc-0"),
          { configMap: { name: "spark-exec-4f1c-conf-map" } },
          { emptyDir: {} },
          {
            projected: {
              sources: [
                { secret: { name: "declared" } },
                { serviceAccountToken: { path: "token" } },
                { downwardAPI: { items: [] } },
              ],
            },
          },
          {
            ephemeral: {
              volumeClaimTemplate: {
                spec: { ...copied, dataSource: undefined },
              },
            },
          },
        ),
      ),
    ]) {
      const { status, stderr } = creates("narrow", pod);
      assert.equal(status, 0, stderr);
    }
  });

  for (const [what, pod, why] of [
    [
      "the environment",
      () => executorWith({}, { env: [variable("of-another")] }),
      /^spec: an account/,
    ],
    [
      "the environment, after its own",
      () =>
        executorWith(
          {},
          { env: [variable("declared"), variable("of-another", "B")] },
        ),
      /^spec: an account/,
    ],
    [
      "a whole secret as the environment",
      () =>
        executorWith({}, { envFrom: [{ secretRef: { name: "of-another" } }] }),
      /^spec: an account/,
    ],
    [
      "the environment of a container before",
      () =>
        executorWith({
          initContainers: [
            { name: "b", image: "x", env: [variable("of-another")] },
          ],
        }),
      /^spec: an account/,
    ],
    [
      "a volume",
      () => executorWith(volumes({ secret: { secretName: "of-another" } })),
      /^spec: an account/,
    ],
    [
      "a part of a volume",
      () =>
        executorWith(
          volumes({
            projected: { sources: [{ secret: { name: "of-another" } }] },
          }),
        ),
      /^spec: an account/,
    ],
    [
      "a driver of volumes",
      () =>
        executorWith(
          volumes({
            csi: {
              driver: "x.example",
              nodePublishSecretRef: { name: "of-another" },
            },
          }),
        ),
      /^spec: an account/,
    ],
    [
      "a claim",
      () => executorWith(volumes(claimed("notebook-home"))),
      /^spec: an account/,
    ],
    [
      "a copy of a claim",
      () =>
        executorWith(
          volumes({ ephemeral: { volumeClaimTemplate: { spec: copied } } }),
        ),
      /^spec\.volumes: the volume of an executor begins empty/,
    ],
    [
      "a copy of a claim, in a claim of its own",
      () => ({
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "x-exec-1-pvc-0", namespace: "ml", labels: executor },
        spec: copied,
      }),
      /^spec: a claim of a Spark application begins empty/,
    ],
  ] as const)
    it(`refuse an executor that reads another's secret or claim by ${what}`, () => {
      const { status, stderr } = creates("narrow", pod());
      assert.notEqual(status, 0, "it was let in");
      const said = stderr.split("denied request: ")[1] ?? stderr;
      assert.match(said, why);
    });

  it("let in eight secrets that are not the account's own, and no more", () => {
    // The account `driver` may mount all.
    const withSecrets = (count: number) => {
      const { spec, ...pod } = executorPod(executor, "driver");
      const env = Array.from({ length: count }, (_, at) => [
        variable(`s${at}`, `A${at}`),
        variable(`s${at}`, `B${at}`),
      ]);
      const [first] = spec.containers;
      return creates("driver", {
        ...pod,
        spec: { ...spec, containers: [{ ...first, env: env.flat() }] },
      });
    };
    const { status, stderr } = withSecrets(8);
    assert.equal(status, 0, stderr);
    assert.match(withSecrets(9).stderr, /name at most 8 secrets/);
  });

  const ofWorkload = {
    ...fair,
    driver: { ...fair.driver, serviceAccount: "driver" },
  };
  const driverWith = (change: Fields) => ({
    ...ofWorkload,
    driver: { ...ofWorkload.driver, ...change },
  });
  const templateOf = (spec: Fields) => ({ template: { spec } });

  it("let an account of a workload start the Spark applications that this one declares", () => {
    const run = application({
      ...driverWith({
        secrets: [{ name: "declared", path: "/a", secretType: "Generic" }],
        ...templateOf({
          containers: [
            {
              name: "spark-kubernetes-driver",
              env: [variable("declared"), variable("driver-object-store", "B")],
            },
          ],
          volumes: [{ name: "v", secret: { secretName: "declared" } }],
        }),
      }),
      executor: { ...fair.executor, serviceAccount: "driver" },
      sparkConf: {
        ...fair.sparkConf,
        "spark.kubernetes.executor.volumes.persistentVolumeClaim.data.options.claimName":
          "declared",
        "spark.kubernetes.executor.volumes.persistentVolumeClaim.more.options.claimName":
          "OnDemand",
      },
    });
    const named = (object: object) => ({
      ...object,
      metadata: { name: "submitted", namespace: "ml" },
    });
    for (const { status, stderr } of [
      creates("narrow", named(run)),
      creates("narrow", named(application(ofWorkload))),
      // Kubeflow's, for people.
      creates("default-editor", named(application(fair))),
    ])
      assert.equal(status, 0, stderr);
  });

  for (const [what, spec, why] of [
    [
      "runs as another account",
      driverWith({ serviceAccount: "other" }),
      /^spec\.driver\.serviceAccount/,
    ],
    ["names no account", fair, /^spec\.driver\.serviceAccount/],
    [
      "runs as another account by its template",
      driverWith(templateOf({ containers: [], serviceAccountName: "other" })),
      /^spec\.executor, spec\.driver\.template/,
    ],
    [
      "has executors of another account",
      {
        ...ofWorkload,
        executor: { ...fair.executor, serviceAccount: "other" },
      },
      /^spec\.executor, spec\.driver\.template/,
    ],
    [
      "mounts a secret",
      driverWith({
        secrets: [{ name: "of-another", path: "/a", secretType: "Generic" }],
      }),
      /^spec: an account/,
    ],
    [
      "has a secret in its environment, by a reference",
      driverWith({ envSecretKeyRefs: { A: { name: "of-another", key: "a" } } }),
      /^spec: an account/,
    ],
    [
      "has a secret in its environment",
      driverWith({ env: [variable("of-another")] }),
      /^spec: an account/,
    ],
    [
      "has a whole secret in its environment",
      driverWith({ envFrom: [{ secretRef: { name: "of-another" } }] }),
      /^spec: an account/,
    ],
    [
      "has a container with a secret beside it",
      driverWith({
        sidecars: [{ name: "b", image: "x", env: [variable("of-another")] }],
      }),
      /^spec: an account/,
    ],
    [
      "has a secret in the template of its executors",
      {
        ...ofWorkload,
        executor: {
          ...fair.executor,
          ...templateOf({
            containers: [{ name: "a", env: [variable("of-another")] }],
          }),
        },
      },
      /^spec: an account/,
    ],
    [
      "has a secret in its volumes",
      {
        ...ofWorkload,
        volumes: [{ name: "v", secret: { secretName: "of-another" } }],
      },
      /^spec: an account/,
    ],
    [
      "has the home of a notebook in the volumes of its template",
      driverWith(
        templateOf({
          containers: [],
          volumes: [{ name: "v", ...claimed("notebook-home") }],
        }),
      ),
      /^spec: an account/,
    ],
    [
      "has the home of a notebook by a setting",
      {
        ...ofWorkload,
        sparkConf: {
          "spark.kubernetes.driver.volumes.persistentVolumeClaim.v.options.claimName":
            "notebook-home",
        },
      },
      /^spec: an account/,
    ],
  ] as const)
    it(`refuse an account of a workload a Spark application that ${what}`, () => {
      for (const namespace of ["ml", "kubeflow"]) {
        const { status, stderr } = kubectl(
          [
            `--as=system:serviceaccount:${namespace}:narrow`,
            ...["create", "--dry-run=server", "-f", "-"],
          ],
          application(spec),
        );
        assert.notEqual(status, 0, "it was let in");
        assert.match(stderr, /ValidatingAdmissionPolicy 'mlstack-submissions'/);
        const said = stderr.split("denied request: ")[1] ?? stderr;
        assert.match(said, why);
      }
    });

  it("leave the policies of a team's network to those who administer the cluster", () => {
    const policy = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "attempt", namespace: "ml" },
      spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{}] },
    };
    const { status, stderr } = ask(policy);
    assert.equal(status, 0, stderr);
    // The account's role lets it do everything in the namespace, but not with the namespace itself.
    const refused = creates("driver", policy);
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /teams\[\]\.egress/);
  });

  it("are for the namespaces of teams", () => {
    const elsewhere = service({ type: "NodePort" });
    const metadata = { name: "attempt", namespace: "elsewhere" };
    const { status, stderr } = ask({ ...elsewhere, metadata });
    assert.equal(status, 0, stderr);
  });

  const streams = {
    kafka: { kind: "single", topics: [{ name: "events" }] },
    streams: { clickstream: { topic: "events", online: { kind: "redis" } } },
    teams: [{ name: "ml", quota: { cpu: "64", memory: "256Gi" } }],
  };
  for (const [stack, settings] of [
    ...projectStacks.map((name) => [name, {}] as const),
    ["aws", streams] as const,
  ]) {
    const more = Object.keys(settings).length > 0 ? " with a stream" : "";
    it(`let in whatever ${stack}${more} declares`, async () => {
      const { resources } = await recordStack(stack, settings);
      const own = resources.filter(({ type }) =>
        /:(Scheduled)?SparkApplication$/.test(type),
      );
      assert.ok(own.length > 0);
      for (const { type, inputs } of resources) {
        const { metadata } = inputs as { metadata?: Fields };
        if (
          /rbac.*:Role(Binding)?$/.test(type) &&
          metadata?.["namespace"] === "ml"
        )
          assert.equal(kubectl(["apply", "-f", "-"], inputs).status, 0);
      }
      for (const { inputs, name } of own) {
        const { metadata } = inputs as { metadata: Fields };
        const { status, stderr } = ask({
          ...inputs,
          metadata: { ...metadata, namespace: "ml" },
        });
        assert.equal(status, 0, `${name}: ${stderr}`);
      }
      const executors = own.map(({ inputs }) => executorOf(inputs));
      const submitted = submittedBy(resources);
      // Not the key pair of the object store alone, where there is a stream; and the pipeline of the whole stack.
      assert.equal(
        /kafka-client/.test(JSON.stringify(executors)),
        stack === "aws" && more !== "",
      );
      assert.equal(submitted.length > 0, stack === "local-full");
      for (const [account, object] of [...executors, ...submitted]) {
        // The API server reads roles some moments after they are made.
        for (const end = Date.now() + 10_000; ; await pause(200)) {
          const { status, stderr } = creates(account, object);
          if (status === 0) break;
          assert.ok(Date.now() < end, `${account}: ${stderr}`);
        }
      }
    });
  }
});

/** The lists of tolerations of all pods in an object, wherever their templates stand. */
function tolerationsIn(value: unknown): object[] {
  if (Array.isArray(value)) return value.flatMap(tolerationsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "tolerations" ? [inner as object] : tolerationsIn(inner),
  );
}

interface DeclaredRole {
  readonly serviceAccount?: string;
  readonly template: {
    readonly spec: { readonly containers: readonly { readonly env: object }[] };
  };
}

/** The executor that a driver makes, by the driver's account. */
function executorOf(inputs: unknown): readonly [string, object] {
  type Spec = Readonly<Record<"driver" | "executor", DeclaredRole>>;
  const { spec } = inputs as {
    readonly spec: Spec | { readonly template: Spec };
  };
  const { driver, executor: role } = "template" in spec ? spec.template : spec;
  const account = driver.serviceAccount ?? "";
  const pod = executorPod(executor, account);
  const [container] = pod.spec.containers;
  const [{ env } = { env: [] }] = role.template.spec.containers;
  // Its account is not there, which says nothing of the policies.
  const { serviceAccountName, ...rest } = pod.spec;
  assert.equal(serviceAccountName, account);
  return [
    account,
    {
      ...pod,
      spec: {
        ...rest,
        serviceAccountName: "default",
        containers: [{ ...container, env }],
      },
    },
  ];
}

/** The Spark applications that pipelines submit, by the accounts of their Jobs. */
function submittedBy(
  resources: readonly Recorded[],
): readonly (readonly [string, object])[] {
  return resources.flatMap(({ type, name, inputs }) => {
    const { data } = inputs as {
      readonly data?: Readonly<Record<string, string>>;
    };
    const pipeline = data?.["pipeline.yaml"];
    if (!type.endsWith(":ConfigMap") || pipeline === undefined) return [];
    const job = resources.find(
      (other) => other.type.endsWith(":Job") && other.name === name,
    );
    const { spec } = job?.inputs as {
      readonly spec: {
        readonly template: {
          readonly spec: { readonly serviceAccountName: string };
        };
      };
    };
    const { root } = JSON.parse(pipeline) as {
      readonly root: {
        readonly inputDefinitions: {
          readonly parameters: Readonly<
            Record<string, { readonly defaultValue?: unknown }>
          >;
        };
      };
    };
    return Object.values(root.inputDefinitions.parameters).flatMap(
      ({ defaultValue: value }): (readonly [string, object])[] => {
        const object: unknown =
          typeof value === "string" && value.startsWith("{")
            ? JSON.parse(value)
            : value;
        return typeof object === "object" &&
          (object as { kind?: string }).kind === "SparkApplication"
          ? [[spec.template.spec.serviceAccountName, object as object]]
          : [];
      },
    );
  });
}
