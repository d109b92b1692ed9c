/** Settings of every Spark job on Kubernetes; a job's own options stand in its code. */
export const sparkConf: Record<string, string> = {
  "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
  "spark.kryo.registrator": "org.apache.spark.HoodieSparkKryoRegistrar",
  // Times in the data carry no zone: every driver and executor must read them alike.
  "spark.sql.session.timeZone": "UTC",
  "spark.sql.shuffle.partitions": "2",
  "spark.ui.enabled": "false",
  // Jobs of seconds end before the second compiler pays; its threads would take the cores from the job.
  "spark.driver.defaultJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
  "spark.executor.defaultJavaOptions":
    "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
  "spark.kubernetes.driver.service.deleteOnTermination": "true",
  "spark.kubernetes.allocation.batch.delay": "200ms",
};
