/** Path of a Spark job's specification in a resource; undefined for other resources. @param type its Pulumi type */
export function sparkSpecPath(type: string): readonly string[] | undefined {
  if (type.endsWith(":SparkApplication")) return ["spec"];
  return type.endsWith(":ScheduledSparkApplication")
    ? ["spec", "template"]
    : undefined;
}
