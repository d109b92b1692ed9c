import { hadoopRules, isAllowedHadoopSetting } from "./hadoop-settings";
import type { AdmissionPolicy, AdmissionRule } from "./policy";

/**
 * Settings below `spark.kubernetes.` that stay within the team: sizes, pace, clean-up and volumes, which Pod Security
 * judges. All others are refused: the operator passes them to `spark-submit` after its own, so that
 * `spark.kubernetes.namespace` would make pods with the operator's rights in any namespace.
 */
const ownKubernetesSettings = [
  "allocation\\..*",
  "memoryOverheadFactor",
  "local\\.dirs\\.tmpfs",
  "driver\\.master",
  "driver\\.service\\.deleteOnTermination",
  "(driver|executor)\\.(request|limit)\\.cores",
  "(driver|executor)\\.volumes\\..*",
  "driver\\.(own|reuse|waitToReuse)PersistentVolumeClaim",
  "executor\\.(deleteOnTermination|missingPodDetectDelta|eventProcessingInterval|rollInterval|rollPolicy)",
];

/**
 * Settings that `spark-submit` acts on inside the operator's pod: it reads files there, among them the token of the
 * operator's account, downloads packages there, or runs the driver there.
 */
const submissionSettings = [
  "master",
  "submit\\..*",
  "kerberos\\..*",
  "files",
  "archives",
  "jars(\\..*)?",
  "yarn\\..*",
  // The launcher of spark-submit takes it for the class path of its own process.
  "driver\\.defaultExtraClassPath(\\..*)?",
];

const hadoopPrefix = "spark.hadoop.";

/** Whether {@link sparkApplicationPolicy} refuses a setting by its name. */
export function isRefusedSetting(key: string): boolean {
  const named = (patterns: readonly string[], prefix: string) =>
    new RegExp(`^${prefix}\\.(${patterns.join("|")})$`).test(key);
  return (
    !/^spark\.[A-Za-z0-9._-]+$/.test(key) ||
    named(submissionSettings, "spark") ||
    (key.startsWith(hadoopPrefix) &&
      !isAllowedHadoopSetting(key.slice(hadoopPrefix.length))) ||
    (key.startsWith("spark.kubernetes.") &&
      !named(ownKubernetesSettings, "spark\\.kubernetes"))
  );
}

// One file: spark-submit splits at commas, and expands patterns.
const oneFile = "[^,*?\\[{]+$";

/** A file that the driver fetches, or has. spark-submit looks it up nowhere in cluster mode. */
const bucketOrImage = `^(local|s3a|gs|abfss)://${oneFile}`;

/** A file of the image: spark-submit opens the file system of all others in the operator's pod. */
const ofImage = `^local://${oneFile}`;

const lists = ["jars", "files", "pyFiles", "archives"];

/** Labels by which the operator and Spark select their pods; the operator's webhook ignores pods without them. */
const operatorLabel = "^(sparkoperator\\.k8s\\.io/.*|spark-.*)$";

const labelRules: readonly AdmissionRule[] = ["driver", "executor"].flatMap(
  (role) =>
    [`${role}.?labels`, `${role}.?template.?metadata.?labels`].map((path) => ({
      expression: `!variables.application.${path}.orValue({}).exists(key, key.matches(r"${operatorLabel}"))`,
      message: `spec.${path.replaceAll("?", "")}: labels sparkoperator.k8s.io/* and spark-* are the operator's; leave them out`,
    })),
);

const localMaster = "^local(\\[[0-9*]+(,[0-9]+)?\\])?$";

/** Refuses SparkApplications that use the operator's rights outside of the team: it may create pods in every namespace. */
export const sparkApplicationPolicy: AdmissionPolicy = {
  kinds: [
    {
      group: "sparkoperator.k8s.io",
      version: "*",
      resources: ["sparkapplications", "scheduledsparkapplications"],
    },
  ],
  variables: {
    application:
      "has(object.spec.template) ? object.spec.template : object.spec",
    conf: "variables.application.?sparkConf.orValue({})",
  },
  rules: [
    {
      expression: `variables.application.?mode.orValue("cluster") == "cluster"`,
      message:
        "spec.mode: in client mode the driver runs in the operator's pod; write cluster",
    },
    {
      expression: `variables.conf.all(key, key.matches(r"^spark\\.[A-Za-z0-9._-]+$"))`,
      message:
        "spec.sparkConf: keys are spark. and then letters, digits, dots, dashes and underscores",
    },
    {
      expression: `variables.conf.all(key, !key.startsWith("spark.kubernetes.") || key.matches(r"^spark\\.kubernetes\\.(${ownKubernetesSettings.join("|")})$"))`,
      message:
        "spec.sparkConf: of spark.kubernetes.*, only sizes, allocation, volumes and clean-up may be set; use the fields of spec for the rest",
    },
    {
      expression: `variables.conf.all(key, !key.matches(r"^spark\\.(${submissionSettings.join("|")})$"))`,
      message:
        "spec.sparkConf: spark.master, spark.submit.*, spark.kerberos.*, spark.jars*, spark.files and spark.archives act in the operator's pod; put files into the image, and name them in spec.deps",
    },
    {
      expression: `!("spark.kubernetes.driver.master" in variables.conf) || variables.conf["spark.kubernetes.driver.master"].matches(r"${localMaster}")`,
      message:
        "spec.sparkConf: spark.kubernetes.driver.master may be local[N] alone, for a job without executors",
    },
    {
      expression: `variables.application.driver.?kubernetesMaster.orValue("local").matches(r"${localMaster}")`,
      message:
        "spec.driver.kubernetesMaster: it may be local[N] alone, for a job without executors",
    },
    {
      expression: `variables.application.?mainApplicationFile.orValue("").matches(r"${bucketOrImage}")`,
      message:
        "spec.mainApplicationFile: name one file, which begins with local:// (a file of the image), s3a://, gs:// or abfss://",
    },
    {
      // With --class of a shell or a server of Spark's own, spark-submit reads its options from the application's arguments
      // too, the last of them wins, and none of it is in sparkConf.
      expression: `!variables.application.?mainClass.orValue("").startsWith("org.apache.spark.") || variables.application.?mainClass.orValue("").startsWith("org.apache.spark.examples.")`,
      message:
        "spec.mainClass: for a class of Spark's own, spark-submit takes spec.arguments for its own options; name a class of your own, or one of org.apache.spark.examples",
    },
    ...lists.map((list) => ({
      expression: `variables.application.?deps.?${list}.orValue([]).all(file, file.matches(r"${ofImage}"))`,
      message: `spec.deps.${list}: name files of the image, each as local://PATH; the operator's pod would open those of a bucket`,
    })),
    ...["packages", "excludePackages", "repositories"].map((list) => ({
      expression: `variables.application.?deps.?${list}.orValue([]).size() == 0`,
      message: `spec.deps.${list}: packages would be downloaded in the operator's pod; put them into the image`,
    })),
    ...hadoopRules("variables.application", "variables.conf"),
    ...labelRules,
    {
      expression: `variables.application.?sparkUIOptions.?serviceType.orValue("ClusterIP") == "ClusterIP" && variables.application.?driverIngressOptions.orValue([]).size() == 0`,
      message:
        "spec.sparkUIOptions, spec.driverIngressOptions: the operator opens no port to the outside; use kubectl port-forward",
    },
  ],
};
