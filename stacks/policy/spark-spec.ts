/** Where a resource has the specification of a Spark job; undefined for one that is none. @param type its Pulumi type */
export function sparkSpecPath(type: string): readonly string[] | undefined {
  if (type.endsWith(":SparkApplication")) return ["spec"];
  return type.endsWith(":ScheduledSparkApplication")
    ? ["spec", "template"]
    : undefined;
}
