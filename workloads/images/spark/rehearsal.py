"""The jobs' work on a few rows: the image's build runs it to record the classes for the class-data archive."""

from __future__ import annotations

import gzip
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import SQLTransformer, VectorAssembler
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

FOLDER = Path("/tmp/rehearsal")
TABLE = f"file:{FOLDER}/table"

HUDI = {
    "hoodie.table.name": "table",
    "hoodie.datasource.write.recordkey.field": "session",
    "hoodie.datasource.write.partitionpath.field": "cohort",
    "hoodie.table.ordering.fields": "time",
    "hoodie.metadata.enable": "false",
    "hoodie.embed.timeline.server": "false",
    "hoodie.write.markers.type": "DIRECT",
}


def write(rows: DataFrame, operation: str) -> None:
    """Write rows to the table."""
    options = {**HUDI, "hoodie.datasource.write.operation": operation}
    rows.write.format("hudi").options(**options).mode("append").save(TABLE)


def main() -> None:
    """Read, aggregate, write twice, read back, train, save; then load what only a cluster uses."""
    FOLDER.mkdir()
    with gzip.open(FOLDER / "events.csv.gz", "wt") as events:
        events.write("session,time,event,cohort\n")
        for n in range(400):
            events.write(f"s{n // 4},2024-01-01 10:{n % 60:02}:00,{'buy' if n % 7 == 0 else 'view'},c{n % 2}\n")
    builder = SparkSession.builder.config("spark.sql.shuffle.partitions", 2).config("spark.ui.enabled", False)
    builder = builder.config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
    spark = builder.config("spark.kryo.registrator", "org.apache.spark.HoodieSparkKryoRegistrar").getOrCreate()

    events = spark.read.option("header", True).csv(f"file:{FOLDER}/events.csv.gz")
    events = events.withColumn("time", F.to_timestamp("time")).repartition("session").cache()
    events.groupBy("event").count().collect()
    first = F.min("time").over(Window.partitionBy("session"))
    rows = (
        events.withColumn("first", first)
        .groupBy("session")
        .agg(
            F.max("time").alias("time"),
            F.min(F.struct("time", "cohort"))["cohort"].alias("cohort"),
            F.count(F.when(F.col("event") == "view", 1)).alias("views"),
            F.size(F.collect_set("event")).alias("kinds"),
            F.max((F.col("event") == "buy").cast("int")).alias("label"),
        )
    )
    write(rows.coalesce(1), "bulk_insert")
    write(rows.coalesce(1), "upsert")

    table = spark.read.format("hudi").option("hoodie.metadata.enable", "false").load(TABLE)
    table = table.coalesce(1).sortWithinPartitions("session").cache()
    stages = [
        SQLTransformer(statement="SELECT *, log1p(views) AS log_views, int(cohort = 'c0') AS c0 FROM __THIS__"),
        VectorAssembler(inputCols=["log_views", "c0", "kinds"], outputCol="features"),
        LogisticRegression(labelCol="label", maxIter=5),
    ]
    model = Pipeline(stages=stages).fit(table)
    model.write().overwrite().save(f"file:{FOLDER}/model")
    scored = model.transform(table).select("session", "label", "prediction").cache()
    scored.groupBy("prediction").agg(F.sum("label")).collect()
    scored.write.mode("overwrite").parquet(f"file:{FOLDER}/predictions")

    load_cloud(spark)
    spark.stop()


def load_cloud(spark: SparkSession) -> None:
    """Load the classes of the object store's client, as far as a first call that nobody answers, and of Kubernetes."""
    conf = spark._jsc.hadoopConfiguration()
    for key, value in {
        "fs.s3a.endpoint": "http://127.0.0.1:9",
        "fs.s3a.access.key": "none",
        "fs.s3a.secret.key": "none",
        "fs.s3a.attempts.maximum": "0",
        "fs.s3a.retry.limit": "0",
        "fs.s3a.endpoint.region": "local",
        "fs.s3a.path.style.access": "true",
    }.items():
        conf.set(key, value)
    jvm = spark._jvm
    for path in ("s3a://bucket/key",):
        try:
            hadoop_path = jvm.org.apache.hadoop.fs.Path(path)
            hadoop_path.getFileSystem(conf).exists(hadoop_path)
        except Py4JJavaError:
            pass
    jvm.io.fabric8.kubernetes.client.KubernetesClientBuilder().build().close()
    for name in (
        "KubernetesClusterManager",
        "KubernetesClusterSchedulerBackend",
        "KubernetesExecutorBackend",
        "ExecutorPodsAllocator",
        "ExecutorPodsLifecycleManager",
        "ExecutorPodsPollingSnapshotSource",
        "ExecutorPodsSnapshotsStoreImpl",
        "ExecutorPodsWatchSnapshotSource",
    ):
        jvm.java.lang.Class.forName(f"org.apache.spark.scheduler.cluster.k8s.{name}")


if __name__ == "__main__":
    main()
