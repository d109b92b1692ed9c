/** A declaration that is refused: what is other than in the good one, and the line that says so. */
export interface RefusedWorkload {
  readonly what: string;
  /** Keys of the folder's workload.yaml by their paths, as `steps.score.pool`; undefined takes one away. */
  readonly folder?: Readonly<Record<string, unknown>>;
  /** Settings of the workload in the stack's file. */
  readonly stack?: Readonly<Record<string, unknown>>;
  /** Other keys of the stack's file. */
  readonly around?: Readonly<Record<string, unknown>>;
  /** Name of the workload; `fraud` unless given. */
  readonly name?: string;
  /** The whole of workload.yaml. */
  readonly text?: string;
  /** `FILE` stands for the path of workload.yaml, `FOLDER` for that of its folder. */
  readonly line: string;
}

const score = (key: string, value: unknown) => ({
  [`steps.score.${key}`]: value,
});

const ingested = {
  kind: "pipeline",
  image: { base: "pipeline", code: "jobs" },
  file: "pipeline.yaml",
  cache: { bucket: "models", path: "cache" },
  access: { models: "write" },
};

const pipeline = (keys: Readonly<Record<string, unknown>>) => ({
  "steps.learn": { ...ingested, ...keys },
});

const dataFile = (keys: Readonly<Record<string, unknown>> = {}) => ({
  "inputs.data": { type: "file", ...keys },
});

const served = { kind: "serve", image: { base: "python", code: "jobs" } };

/** Bad declarations, each with its one line. */
export const refused: readonly RefusedWorkload[] = [
  {
    what: "a folder that is missing",
    stack: { path: "workloads/absent" },
    line: 'workloads.fraud.path: "workloads/absent": no such folder; make one with `npm run new -- fraud`, name another under path, or correct the spelling',
  },
  {
    what: "a folder without a declaration",
    stack: { path: "workloads/images" },
    line: 'workloads.fraud.path: "workloads/images": the folder has no workload.yaml; make one with `npm run new -- fraud`',
  },
  {
    what: "a file that is no YAML",
    text: "steps: [",
    line: "FILE:1:9: missing: it is no YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
  },
  {
    what: "a file that is no section",
    text: "- steps",
    line: 'FILE: ["steps"]: write a section with apiVersion and steps',
  },
  {
    what: "another version",
    folder: { apiVersion: "v2" },
    line: 'FILE: apiVersion: "v2": choose one of mlstack.dev/v1',
  },
  {
    what: "an unknown key",
    folder: { stepz: {} },
    line: 'FILE: stepz: "stepz": no such key; choose one of apiVersion, description, owner, inputs, steps',
  },
  {
    what: "an unknown key of a step",
    folder: score("acess", {}),
    line: 'FILE: steps.score.acess: "acess": no such key; choose one of kind, enabled, image, access, after, pool, args, env, retries, timeout, rerun, revision, wait, run, main, size, executorPool, conf',
  },
  {
    what: "a key of another kind",
    folder: { "steps.tell.main": "tell.py" },
    line: 'FILE: steps.tell.main: "main": no such key; choose one of kind, enabled, image, access, after, pool, args, env, retries, timeout, rerun, revision, wait, run, command, user, size',
  },
  {
    what: "no steps",
    folder: { steps: {} },
    line: "FILE: steps: a section, not shown: declare a step",
  },
  {
    what: "an unknown kind",
    folder: score("kind", "flink"),
    line: 'FILE: steps.score.kind: "flink": choose one of spark, job, pytorch, tensorflow, xgboost, pipeline, serve',
  },
  {
    what: "a step without an image",
    folder: { "steps.tell.image": undefined },
    line: "FILE: steps.tell.image: missing: write { ref }, { base, code, requirements } or { dockerfile, context, args }",
  },
  {
    what: "a Spark step without a file",
    folder: score("main", undefined),
    line: "FILE: steps.score.main: missing: set text",
  },
  {
    what: "a file that is missing",
    folder: score("main", "skore.py"),
    line: 'FILE: steps.score.main: "skore.py": no such file in FOLDER/jobs',
  },
  {
    what: "a file outside of the code",
    folder: score("main", "../../secret.py"),
    line: 'FILE: steps.score.main: "../../secret.py": write its path below the folder of the code',
  },
  {
    what: "a file of an image of one's own by half a path",
    folder: score("image", { ref: "docker.io/apache/spark:3.5.7" }),
    line: 'FILE: steps.score.main: "score.py": in an image of one\'s own, write the full path, such as /opt/app/main.py',
  },
  {
    what: "a folder of code that is missing",
    folder: { "steps.tell.image.code": "src" },
    line: 'FILE: steps.tell.image.code: "src": no such folder in FOLDER',
  },
  {
    what: "code outside of the folder",
    folder: { "steps.tell.image.code": "../other" },
    line: 'FILE: steps.tell.image.code: "../other": stay in the workload\'s folder',
  },
  {
    what: "requirements that are missing",
    folder: { "steps.score.image.requirements": "packages.txt" },
    line: 'FILE: steps.score.image.requirements: "packages.txt": no such file in FOLDER',
  },
  {
    what: "a Dockerfile that is missing",
    folder: { "steps.tell.image": { dockerfile: "Dockerfile" } },
    line: 'FILE: steps.tell.image.dockerfile: "Dockerfile": no such file in FOLDER',
  },
  {
    what: "an image without a tag",
    folder: { "steps.tell.image": { ref: "docker.io/library/busybox" } },
    line: 'FILE: steps.tell.image.ref: "docker.io/library/busybox": name a tag or a digest, other than latest: what runs would change by itself',
  },
  {
    what: "the base of another kind",
    folder: { "steps.score.image.base": "pytorch" },
    line: 'FILE: steps.score.image.base: "pytorch": a step of kind spark runs on base spark, or on an image of one\'s own',
  },
  {
    what: "a base that is not there",
    folder: { "steps.tell.image.base": "ruby" },
    line: "FILE: steps.tell.image: a section, not shown: write { ref }, { base, code, requirements } or { dockerfile, context, args }",
  },
  {
    what: "a bucket that may not be read",
    folder: score("args", [{ bucket: "raw" }]),
    line: 'FILE: steps.score.args[0].bucket: "raw": the step may not read it; write access: { raw: read }, or write',
  },
  {
    what: "a bucket that is not there",
    folder: score("access", { lake: "read" }),
    line: 'FILE: steps.score.access.lake: "lake": no such key; choose one of raw, feature-store, models',
  },
  {
    what: "a right that is none",
    folder: score("access", { "feature-store": "admin" }),
    line: 'FILE: steps.score.access.feature-store: "admin": choose one of read, write',
  },
  {
    what: "a secret among the arguments",
    folder: score("args", [{ secret: "database", key: "password" }]),
    line: "FILE: steps.score.args[0]: a section, not shown: write a text, a number, { bucket, path }, { result, field } or { input }; a secret goes into env",
  },
  {
    what: "an input that is not declared",
    folder: score("args", [{ input: "day" }]),
    line: 'FILE: steps.score.args[0].input: "day": the workload has no such input; choose one of date',
  },
  {
    what: "an input of the stack that is not declared",
    stack: { inputs: { day: "monday" } },
    line: 'workloads.fraud.inputs.day: "day": the workload has no such input; choose one of date',
  },
  {
    what: "an input without a value",
    folder: { "inputs.date.default": undefined },
    line: "workloads.fraud.inputs.date: missing: the workload needs it; set it, or give it a default in workload.yaml",
  },
  {
    what: "a text for a number",
    folder: { "inputs.date": { type: "number" } },
    stack: { inputs: { date: "today" } },
    line: "workloads.fraud.inputs.date: a value, not shown: write a number",
  },
  {
    what: "a value that is no choice",
    folder: { "inputs.date": { choices: ["today", "yesterday"] } },
    stack: { inputs: { date: "tomorrow" } },
    line: "workloads.fraud.inputs.date: a value, not shown: choose one of today, yesterday",
  },
  {
    what: "the result of a step that is not there",
    folder: { "steps.tell.env.ROWS": { result: "train", field: "rows" } },
    line: 'FILE: steps.tell.env.ROWS.result: "train": choose one of score',
  },
  {
    what: "the result of a step that nobody awaits",
    folder: score("wait", false),
    line: 'FILE: steps.tell.env.ROWS.result: "score": nobody awaits the end of score; write run: once and wait: true there',
  },
  {
    what: "a step after itself",
    folder: score("after", ["score"]),
    line: 'FILE: steps.score.after[0]: "score": choose one of tell',
  },
  {
    what: "steps that wait for each other",
    folder: score("after", ["tell"]),
    line: 'FILE: steps.score.after: ["score","tell"]: these steps wait for each other; let one of them go first',
  },
  {
    what: "a schedule after a step",
    folder: {
      "steps.tell.run": { schedule: "0 2 * * *" },
      "steps.tell.after": ["score"],
    },
    line: 'FILE: steps.tell.after: ["score"]: only a step that runs once comes after others; leave it out, or write run: once',
  },
  {
    what: "a cron line of four fields",
    folder: { "steps.tell.run": { schedule: "0 2 * *" } },
    line: 'FILE: steps.tell.run.schedule: "0 2 * *": write a cron line of five fields, such as 30 2 * * *',
  },
  {
    what: "a time zone that is none",
    folder: {
      "steps.tell.run": { schedule: "0 2 * * *", timeZone: "Berlin" },
    },
    line: 'FILE: steps.tell.run.timeZone: "Berlin": no such time zone; write one such as UTC or Europe/Berlin',
  },
  {
    what: "a time-out without a unit",
    folder: score("timeout", 30),
    line: "FILE: steps.score.timeout: 30: write text",
  },
  {
    what: "a time-out in words",
    folder: score("timeout", "an hour"),
    line: 'FILE: steps.score.timeout: "an hour": write a whole number with s, m, h or d, such as 90s, 30m or 10h',
  },
  {
    what: "a revision that is missing",
    folder: score("rerun", "revision"),
    line: "FILE: steps.score.revision: missing: set a text; another one runs the step again",
  },
  {
    what: "a revision that does not count",
    folder: score("revision", "2"),
    line: 'FILE: steps.score.revision: "2": it counts with rerun: revision alone; write that, or leave it out',
  },
  {
    what: "a pool that is not there",
    folder: score("pool", "big"),
    line: 'FILE: steps.score.pool: "big": choose one of cpu',
  },
  {
    what: "a pool that is not there, by the stack",
    stack: { steps: { score: { pool: "big" } } },
    line: 'workloads.fraud.steps.score.pool: "big": choose one of cpu',
  },
  {
    what: "a step that is not there, by the stack",
    stack: { steps: { skore: { pool: "cpu" } } },
    line: 'workloads.fraud.steps.skore: "skore": the workload has no such step; choose one of score, tell',
  },
  {
    what: "a pool for executors that are not there",
    folder: score("executorPool", "cpu"),
    line: 'FILE: steps.score.executorPool: "cpu": the job has no executors; set size.executor, or leave it out',
  },
  {
    what: "fewer executors at most than at least",
    folder: score("size", { executor: { instances: 3, max: 2 } }),
    line: "FILE: steps.score.size.executor.max: 2: it has 3 at least; write more, or leave it out",
  },
  {
    what: "more executors at most than the team has room for",
    folder: score("size", { executor: { cpuRequest: "1", max: 10 } }),
    line: 'FILE: steps.score.size: "10.5 cores": the team\'s quota is 8 cores; ask for less, or raise it',
  },
  {
    what: "GPUs that no pool has",
    folder: { "steps.tell.size": { gpus: 2 } },
    around: { teams: [{ name: "ml", quota: { gpus: 4 } }] },
    line: "FILE: steps.tell.size.gpus: 2: no pool of the stack has nodes with as many; write fewer, or add a pool",
  },
  {
    what: "more memory than the team has",
    folder: { "steps.tell.size": { memory: "64Gi" } },
    line: 'FILE: steps.tell.size: "64.0Gi of memory": the team\'s quota is 32Gi; ask for less, or raise it',
  },
  {
    what: "memory of a JVM in Kubernetes' units",
    folder: score("size", { driver: { memory: "1Gi" } }),
    line: 'FILE: steps.score.size.driver.memory: "1Gi": write a whole number with m or g, such as 512m or 2g',
  },
  {
    what: "a setting that the cluster does not admit",
    folder: score("conf", { "spark.kubernetes.namespace": "kube-system" }),
    line: 'FILE: steps.score.conf.spark.kubernetes.namespace: "spark.kubernetes.namespace": the cluster does not admit this setting in a team\'s job; leave it out',
  },
  {
    what: "a variable that the platform sets",
    folder: { "steps.tell.env.MLSTACK_RESULT": "x" },
    line: 'FILE: steps.tell.env.MLSTACK_RESULT: "MLSTACK_RESULT": use letters, digits and underscores; the platform sets MLSTACK_*, OMP_NUM_THREADS and the AWS_* of the object store itself',
  },
  {
    what: "root",
    folder: { "steps.tell.user": 0 },
    line: "FILE: steps.tell.user: 0: write a number above 0: root is not admitted",
  },
  {
    what: "a training without an operator",
    folder: {
      "steps.tell": {
        kind: "pytorch",
        image: { base: "pytorch", code: "jobs" },
        command: ["python3", "tell.py"],
      },
    },
    line: 'FILE: steps.tell.kind: "pytorch": the stack has no operator for trainings; set kubeflow.trainingOperator to true',
  },
  {
    what: "a server on a port of root's",
    folder: { "steps.scores": { ...served, port: 80 } },
    line: "FILE: steps.scores.port: 80: write 1024 to 65535: lower ones are root's",
  },
  {
    what: "a server whose path is none",
    folder: { "steps.scores": { ...served, health: "healthz" } },
    line: 'FILE: steps.scores.health: "healthz": write a path, such as /healthz',
  },
  {
    what: "retries of a server",
    folder: { "steps.scores": { ...served, retries: 3 } },
    line: 'FILE: steps.scores.retries: "retries": no such key; choose one of kind, enabled, image, access, after, pool, args, env, command, user, port, health, size, timeout, run',
  },
  {
    what: "a server without replicas",
    folder: { "steps.scores": { ...served, size: { replicas: 0 } } },
    line: "FILE: steps.scores.size.replicas: 0: write 1 or more",
  },
  {
    what: "a step after a server",
    folder: {
      "steps.scores": served,
      "steps.tell.after": ["scores"],
    },
    line: 'FILE: steps.tell.after[0]: "scores": scores has no end: it answers all the time; leave it out',
  },
  {
    what: "the result of a server",
    folder: {
      "steps.scores": served,
      "steps.tell.env.ROWS": { result: "scores", field: "rows" },
    },
    line: 'FILE: steps.tell.env.ROWS.result: "scores": scores has no end: it answers all the time; leave it out',
  },
  {
    what: "a server that leaves a new version no room",
    folder: { "steps.scores": { ...served, size: { cpu: "5" } } },
    line: 'FILE: steps.scores.size: "10 cores": the team\'s quota is 8 cores; ask for less, or raise it',
  },
  {
    what: "a switch in words",
    folder: score("enabled", "yes"),
    line: 'FILE: steps.score.enabled: "yes": write true, false or needed',
  },
  {
    what: "the result of a step that is switched off",
    folder: score("enabled", false),
    line: 'FILE: steps.tell.env.ROWS.result: "score": score is switched off; set steps.score.enabled to true or needed, or switch this step off',
  },
  {
    what: "the result of a step that the stack has switched off",
    stack: { steps: { score: { enabled: false } } },
    line: 'FILE: steps.tell.env.ROWS.result: "score": score is switched off; set steps.score.enabled to true or needed, or switch this step off',
  },
  {
    what: "a list of code with what is not there",
    folder: { "steps.tell.image.code": ["jobs", "lib"] },
    line: 'FILE: steps.tell.image.code[1]: "lib": no such file or folder in FOLDER',
  },
  {
    what: "a main file that the list of code leaves out",
    folder: score("image.code", ["requirements.txt"]),
    line: 'FILE: steps.score.main: "score.py": no such file in FOLDER',
  },
  {
    what: "the features' package on Spark",
    folder: score("image.features", true),
    line: "FILE: steps.score.image.features: true: the package reads without Spark; leave it out, or write a step of another kind",
  },
  {
    what: "CUDA for a base without a framework",
    folder: { "steps.tell.image.cuda": true },
    line: "FILE: steps.tell.image.cuda: true: base python computes on no GPUs; leave it out",
  },
  {
    what: "a number below the least",
    folder: { "inputs.date": { type: "number", min: 1 } },
    stack: { inputs: { date: 0 } },
    line: "workloads.fraud.inputs.date: a value, not shown: write 1 or more",
  },
  {
    what: "a file that is not there",
    folder: dataFile(),
    stack: { inputs: { data: "absent.bin" } },
    line: 'workloads.fraud.inputs.data: "absent.bin": no such file; name one that exists',
  },
  {
    what: "a file of the folder that is not there",
    folder: dataFile({ default: "absent.bin" }),
    line: 'FILE: inputs.data.default: "FOLDER/absent.bin": no such file; name one that exists',
  },
  {
    what: "a file by default that lies outside of the folder",
    folder: dataFile({ default: "../payments.csv" }),
    line: 'FILE: inputs.data.default: "../payments.csv": stay in the workload\'s folder',
  },
  {
    what: "a file by default by its full path",
    folder: dataFile({ default: "/etc/hostname.csv" }),
    line: 'FILE: inputs.data.default: "/etc/hostname.csv": stay in the workload\'s folder',
  },
  {
    what: "a file of another format where columns are named",
    folder: dataFile({ columns: ["amount"] }),
    stack: { inputs: { data: "payments.xlsx" } },
    line: 'workloads.fraud.inputs.data: "payments.xlsx": use a file that ends in .csv, .csv.gz, .jsonl, .jsonl.gz, .ndjson, .ndjson.gz, .json, .json.gz, .parquet, or a folder of them in a bucket: raw:PATH/',
  },
  {
    what: "a file without a column",
    folder: dataFile({ columns: ["amount", { input: "date" }] }),
    stack: {
      inputs: { data: "test/workloads/payments.csv", date: "day" },
    },
    line: 'workloads.fraud.inputs.data: "test/workloads/payments.csv": the file lacks day; it has payment, amount; name its columns',
  },
  {
    what: "a column that is an input which is not declared",
    folder: dataFile({ columns: [{ input: "day" }], optional: true }),
    line: 'FILE: inputs.data.columns[0].input: "day": the workload has no such input; choose one of date, data',
  },
  {
    what: "columns of a text",
    folder: { "inputs.date.columns": ["amount"] },
    line: 'FILE: inputs.date.columns: "text": a file alone has it; write type: file, or leave it out',
  },
  {
    what: "a file in a bucket that the step may not read",
    folder: {
      ...dataFile(),
      ...score("args", [{ input: "data" }]),
    },
    stack: { inputs: { data: "raw:payments.csv" } },
    line: 'FILE: steps.score.args[0].input: "raw:payments.csv": the step may not read it; write access: { raw: read } there, or write',
  },
  {
    what: "a pipeline's file that is missing",
    folder: pipeline({ file: "absent.yaml" }),
    line: 'FILE: steps.learn.file: "absent.yaml": no such file in FOLDER',
  },
  {
    what: "a pipeline's file that is none",
    folder: pipeline({ file: "requirements.txt" }),
    line: 'FILE: steps.learn.file: "requirements.txt": it is no pipeline that KFP has compiled; compile it anew',
  },
  {
    what: "a parameter that the pipeline lacks",
    folder: pipeline({ parameters: { treshold: 0.9 } }),
    line: 'FILE: steps.learn.parameters.treshold: "treshold": the pipeline has no such parameter; choose one of feature_store, instant, models, threshold, timeout_seconds, training_job',
  },
  {
    what: "a text for a parameter that is a number",
    folder: pipeline({ arguments: { threshold: "high" } }),
    line: 'FILE: steps.learn.arguments.threshold: "high": write a number',
  },
  {
    what: "a schedule of a pipeline without Kubeflow",
    folder: pipeline({ schedule: "0 3 * * *" }),
    line: 'FILE: steps.learn.schedule: "0 3 * * *": set kubeflow.pipelines to true, or leave the schedule out',
  },
  {
    what: "a pipeline on another base",
    folder: pipeline({ image: { base: "python", code: "jobs" } }),
    line: 'FILE: steps.learn.image.base: "python": a step of kind pipeline runs on base pipeline, or on an image of one\'s own',
  },
  {
    what: "the Spark job of a step that is none",
    folder: pipeline({ parameters: { training_job: { sparkJob: "tell" } } }),
    line: 'FILE: steps.learn.parameters.training_job.sparkJob: "tell": declare a step of kind spark with run: manual',
  },
  {
    what: "the Spark job of a step that is switched off",
    folder: {
      ...pipeline({ parameters: { training_job: { sparkJob: "fit" } } }),
      "steps.fit": {
        kind: "spark",
        run: "manual",
        enabled: false,
        image: { base: "spark", code: "jobs" },
        main: "score.py",
      },
    },
    line: 'FILE: steps.learn.parameters.training_job.sparkJob: "fit": fit is switched off; set steps.fit.enabled to true or needed, or switch this step off',
  },
  {
    what: "a Spark job that leaves the pipeline's pod no room",
    folder: {
      ...pipeline({ parameters: { training_job: { sparkJob: "fit" } } }),
      "steps.fit": {
        kind: "spark",
        run: "manual",
        enabled: "needed",
        image: { base: "spark", code: "jobs" },
        main: "score.py",
        size: { driver: { cpuRequest: "8" } },
      },
    },
    line: 'FILE: steps.learn.size: "8.25 cores": the team\'s quota is 8 cores; ask for less, or raise it',
  },
  {
    what: "a team that is not there",
    stack: { team: "risk" },
    line: 'workloads.fraud.team: "risk": choose one of ml',
  },
  {
    what: "no team among several",
    around: { teams: [{ name: "ml" }, { name: "risk" }] },
    line: "workloads.fraud.team: missing: the stack has several teams; choose one of ml, risk",
  },
  {
    what: "an unknown key of the stack",
    stack: { tem: "ml" },
    line: 'workloads.fraud.tem: "tem": no such key; choose one of team, path, inputs, steps',
  },
  {
    what: "a name with capitals",
    name: "Fraud",
    line: 'workloads.Fraud: "Fraud": use lower-case letters, digits and hyphens, at most 30, starting with a letter',
  },
  {
    what: "a name of the program's own jobs",
    name: "clickstream-stream",
    line: 'workloads.clickstream-stream: "clickstream-stream": the program\'s own jobs have names that begin so; choose another',
  },
];
