/** Settings of every Spark job on Kubernetes; a job's own options stand in its code. */
export const sparkConf: Record<string, string> = {
  "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
  "spark.kryo.registrator": "org.apache.spark.HoodieSparkKryoRegistrar",
  "spark.sql.extensions":
    "org.apache.spark.sql.hudi.HoodieSparkSessionExtension",
  "spark.sql.catalog.spark_catalog":
    "org.apache.spark.sql.hudi.catalog.HoodieCatalog",
};
