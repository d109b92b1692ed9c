import type { AdmissionRule } from "./policy";

/**
 * Names of the Hadoop settings that an application may have: those of connectors and of file formats. spark-submit opens
 * file systems in the operator's pod with these settings; others make it read files of that pod, or run code there.
 */
const allowed =
  "(fs\\.(s3a|gs|azure|abfss?|AbstractFileSystem)|mapreduce|parquet|io\\.compression)\\.[A-Za-z0-9._-]+";

/** Classes that may serve a scheme: those of the connectors themselves. */
const connectors = [
  "org\\.apache\\.hadoop\\.fs\\.s3a\\.(S3AFileSystem|S3A)",
  "org\\.apache\\.hadoop\\.fs\\.azurebfs\\.(Secure)?(AzureBlobFileSystem|Abfss?)",
  "com\\.google\\.cloud\\.hadoop\\.fs\\.gcs\\.GoogleHadoop(FileSystem|FS)",
].join("|");

const ofClass = "\\.impl$";

/** Whether an application may have a setting of Hadoop with a name. */
export function isAllowedHadoopSetting(name: string): boolean {
  return (
    new RegExp(`^${allowed}$`).test(name) && !new RegExp(ofClass).test(name)
  );
}

/**
 * Rules for the settings of Hadoop in an application.
 * @param application CEL of the application's specification
 * @param conf CEL of its `sparkConf`
 */
export function hadoopRules(
  application: string,
  conf: string,
): readonly AdmissionRule[] {
  const own = `${application}.?hadoopConf.orValue({})`;
  const inSpark = "spark\\.hadoop\\.";
  return [
    {
      expression: `${own}.all(key, key.matches(r"^${allowed}$")) && ${conf}.all(key, !key.startsWith("spark.hadoop.") || key.matches(r"^${inSpark}${allowed}$"))`,
      message:
        "spec.hadoopConf, spark.hadoop.*: only settings of s3a, gs, azure, mapreduce, parquet and io.compression may be set; others act in the operator's pod",
    },
    {
      expression: `${own}.all(key, !key.matches(r"${ofClass}") || ${own}[key].matches(r"^(${connectors})$")) && ${conf}.all(key, !key.matches(r"^${inSpark}.*${ofClass}") || ${conf}[key].matches(r"^(${connectors})$"))`,
      message:
        "spec.hadoopConf, spark.hadoop.*: only the connectors' own classes serve s3a, gs and abfss; the operator's pod would load another",
    },
  ];
}
