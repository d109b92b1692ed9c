"""What jobs do, on a few rows: run when the image is built, for the archive of the classes that it loads."""

from __future__ import annotations

import gzip
from contextlib import suppress
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import SQLTransformer, VectorAssembler
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

FOLDER = Path("/tmp/rehearsal")
TABLE = f"file:{FOLDER}/table"

STREAM = f"file:{FOLDER}/stream"

HUDI = {
    "hoodie.table.name": "table",
    "hoodie.datasource.write.recordkey.field": "session",
    "hoodie.datasource.write.partitionpath.field": "cohort",
    "hoodie.table.ordering.fields": "time",
    "hoodie.metadata.enable": "false",
    "hoodie.embed.timeline.server": "false",
    "hoodie.write.markers.type": "DIRECT",
}

MERGED_ON_READ = {
    **HUDI,
    "hoodie.datasource.write.table.type": "MERGE_ON_READ",
    "hoodie.datasource.write.operation": "upsert",
    "hoodie.datasource.write.commitmeta.key.prefix": "note.",
    "hoodie.index.type": "BUCKET",
    "hoodie.bucket.index.num.buckets": "1",
    "hoodie.bucket.index.hash.field": "session",
    "hoodie.write.record.merge.mode": "EVENT_TIME_ORDERING",
    "hoodie.write.record.merge.custom.implementation.classes": "org.apache.hudi.DefaultSparkRecordMerger",
    "hoodie.logfile.data.block.format": "parquet",
    "hoodie.combine.before.upsert": "false",
    "hoodie.compact.inline": "true",
    "hoodie.compact.inline.max.delta.commits": "2",
}


def write(rows: DataFrame, operation: str) -> None:
    """Write rows to the table."""
    options = {**HUDI, "hoodie.datasource.write.operation": operation}
    rows.write.format("hudi").options(**options).mode("append").save(TABLE)


def ingest(batch: DataFrame, number: int) -> None:
    """Take a batch of a stream as ingestions do: parse, match, keep, count, rank, and upsert."""
    parsed = batch.withColumn("text", F.from_json("value", "session string, time string, event string, odd string"))
    judged = parsed.select(
        "value",
        F.col("text.session").alias("session"),
        F.col("text.event").alias("event"),
        F.when(F.col("text.time").rlike(r"^\d{4}"), F.col("text.time").cast("timestamp")).alias("time"),
        F.date_format(F.col("text.time").cast("timestamp"), "yyyy-MM-dd").alias("cohort"),
        F.when(F.col("text.odd").isNotNull(), F.concat_ws("; ", "text.odd")).alias("reason"),
    ).persist()
    judged.groupBy(F.substring_index("reason", "; ", 1)).agg(F.count(F.lit(1)), F.max("time")).collect()
    newest = F.row_number().over(Window.partitionBy("session").orderBy(F.desc("time")))
    rows = judged.where(F.col("reason").isNull()).withColumn("rank", newest).where("rank = 1")
    rows = rows.select("session", "time", "event", "cohort")
    rows.write.format("hudi").options(**MERGED_ON_READ).mode("append").save(f"{STREAM}/table")
    letters = judged.where(F.col("reason").isNotNull()).coalesce(1).write.mode("overwrite")
    letters.parquet(f"{STREAM}/letters/batch={number}")
    judged.unpersist()


def load_stream(spark: SparkSession) -> None:
    """Ingest three batches, read the table latest, as of a commit and since it; then what Kafka's clients load."""
    source = FOLDER / "stream" / "source"
    source.mkdir(parents=True)
    for batch in range(3):
        line = '{"session": "s%d", "time": "2024-01-01 10:%02d:00", "event": "view"}\n'
        lines = [line % (n, batch) for n in range(100)] + ['{"session": "s0", "odd": "yes"}\n']
        (source / f"{batch}.txt").write_text("".join(lines))
    stream = spark.readStream.option("maxFilesPerTrigger", 1).text(f"{STREAM}/source").writeStream
    stream = stream.option("checkpointLocation", f"{STREAM}/checkpoint").foreachBatch(ingest)
    stream.trigger(availableNow=True).start().awaitTermination()

    table = spark.read.format("hudi").option("hoodie.metadata.enable", "false")
    commits = table.load(f"{STREAM}/table").select("_hoodie_commit_time").distinct().collect()
    (commit,) = min(commits)
    table.option("as.of.instant", commit).load(f"{STREAM}/table").select("session").count()
    since = table.option("hoodie.datasource.query.type", "incremental")
    since = since.option("hoodie.datasource.read.begin.instanttime", commit).load(f"{STREAM}/table")
    since.where(F.col("_hoodie_commit_time") > commit).select("session").distinct().count()

    kafka = spark.read.format("kafka").option("kafka.bootstrap.servers", "127.0.0.1:9").option("subscribe", "none")
    for option in ("request.timeout.ms", "default.api.timeout.ms"):
        kafka = kafka.option(f"kafka.{option}", 1000)
    with suppress(Py4JJavaError):
        kafka.option("fetchOffset.numRetries", 1).load().count()
    jvm = spark._jvm
    settings = jvm.java.util.HashMap()
    settings.put("bootstrap.servers", "127.0.0.1:9")
    for name in ("key.deserializer", "value.deserializer"):
        settings.put(name, "org.apache.kafka.common.serialization.ByteArrayDeserializer")
    consumer = jvm.org.apache.kafka.clients.consumer.KafkaConsumer(settings)
    consumer.assign(jvm.java.util.List.of(jvm.org.apache.kafka.common.TopicPartition("none", 0)))
    consumer.poll(jvm.java.time.Duration.ofMillis(200))
    consumer.close()


def main() -> None:
    """Read, aggregate, write twice, read back, train, save, stream; then load what only a cluster uses."""
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

    load_stream(spark)
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
        with suppress(Py4JJavaError):
            hadoop_path = jvm.org.apache.hadoop.fs.Path(path)
            hadoop_path.getFileSystem(conf).exists(hadoop_path)
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
