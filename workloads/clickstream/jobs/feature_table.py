"""The Apache Hudi table of session features: writing a batch, and reading it as of an instant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from py4j.java_gateway import JavaObject
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from jobs.errors import JobError
from jobs.jvm import is_table, table_client
from jobs.sessions import EVENTS, KEY, ORDERING
from jobs.table_layout import has_commits, require_layout

Operation = Literal["bulk_insert", "upsert"]

SMALL_TABLE: Mapping[str, str] = {
    # A second table with its own commits, compactions and log files, to spare listings of a table this size.
    "hoodie.metadata.enable": "false",
    # A web server in the driver for the executors to ask for file listings and markers; two executors list faster.
    "hoodie.embed.timeline.server": "false",
    "hoodie.write.markers.type": "DIRECT",
    # Rows go from Spark to Parquet as they are, not by way of Avro.
    "hoodie.datasource.write.row.writer.enable": "true",
    "hoodie.index.type": "SIMPLE",
    # A batch has one row a session already: no shuffle to look for two.
    "hoodie.combine.before.upsert": "false",
    # The batch is as many parts as it has writers: no sampling and sorting to make them.
    "hoodie.bulkinsert.sort.mode": "NONE",
}
"""Settings that turn off Hudi's features for tables of thousands of files, which a table of a few does not need."""

HISTORY: Mapping[str, str] = {
    "hoodie.clean.commits.retained": "30",
    "hoodie.keep.min.commits": "40",
    "hoodie.keep.max.commits": "50",
}
"""Settings of the table's history: every commit of the last 30 runs can be read."""


@dataclass(frozen=True)
class Commit:
    """A commit in the table's timeline, and its counts of rows."""

    instant: str
    operation: Operation
    rows: int
    inserts: int
    updates: int


def write(batch: DataFrame, path: str, parallelism: int) -> Commit:
    """Write a batch: `bulk_insert` into a table that is new, `upsert` after, one row a session.

    Of two versions of a session the one with the later last event stays, however late a batch arrives. The table has no
    partitions: of a session whose cohort is corrected, another partition would keep the old row, and the text of a
    cohort need not be the name of a folder.
    """
    spark = batch.sparkSession
    operation: Operation = "upsert" if has_commits(spark, path) else "bulk_insert"
    options = {
        "hoodie.table.name": path.rstrip("/").rsplit("/", 1)[-1],
        "hoodie.datasource.write.table.type": "COPY_ON_WRITE",
        "hoodie.datasource.write.operation": operation,
        "hoodie.datasource.write.recordkey.field": KEY,
        "hoodie.datasource.write.keygenerator.class": "org.apache.hudi.keygen.NonpartitionedKeyGenerator",
        "hoodie.table.ordering.fields": ORDERING,
        "hoodie.write.record.merge.mode": "EVENT_TIME_ORDERING",
        "hoodie.bulkinsert.shuffle.parallelism": str(parallelism),
        "hoodie.upsert.shuffle.parallelism": str(parallelism),
        "hoodie.simple.index.parallelism": str(parallelism),
        **SMALL_TABLE,
        **HISTORY,
    }
    require_layout(spark, path, options, "move its folder away and run clickstream-features on all of its input again")
    batch.coalesce(parallelism).write.format("hudi").options(**options).mode("append").save(path)
    instant, details = _last_commit(spark, path)
    stats = [stat for partition in details["partitionToWriteStats"].values() for stat in partition]
    return Commit(
        instant=instant,
        operation=operation,
        rows=sum(stat["numWrites"] for stat in stats),
        inserts=sum(stat["numInserts"] for stat in stats),
        updates=sum(stat["numUpdateWrites"] for stat in stats),
    )


def read(spark: SparkSession, path: str, instant: str) -> DataFrame:
    """The table as it stood when the commit of that instant had ended."""
    table = spark.read.format("hudi").option("as.of.instant", instant).option("hoodie.metadata.enable", "false")
    return table.load(path)


def with_earlier(events: DataFrame, path: str) -> DataFrame:
    """Events with those that the table keeps of the same sessions: one that goes on in another input is made of all.

    The same event of a session at the same time is one event, delivered twice, of which the later delivery counts.
    """
    spark = events.sparkSession
    if not has_commits(spark, path):
        return events
    table = spark.read.format("hudi").option("hoodie.metadata.enable", "false").load(path)
    concerned = events.select(F.col("session").alias(KEY)).distinct()
    kept = table.join(concerned, KEY, "left_semi").select(
        F.col(KEY).alias("session"), F.explode(EVENTS).alias("_event")
    )
    earlier = kept.select("session", "_event.*")
    together = events.withColumn("_age", F.lit(0)).unionByName(earlier.withColumn("_age", F.lit(1)))
    delivery = F.row_number().over(Window.partitionBy("session", "event", "time").orderBy("_age"))
    return together.withColumn("_delivery", delivery).where("_delivery = 1").drop("_delivery", "_age")


def resolve_instant(spark: SparkSession, path: str, wanted: str | None) -> str:
    """The instant to read as of: the one wanted, if the table has it, else the latest."""
    if not exists(spark, path):
        raise JobError(f"{path}: no feature table there; run clickstream-features first")
    known = instants(spark, path)
    if not known:
        raise JobError(f"{path}: the feature table has no finished commit; run clickstream-features first")
    if wanted is None:
        return known[-1]
    if wanted not in known:
        raise JobError(f"--instant {wanted}: not a commit of {path}; it has {', '.join(known[-10:])}")
    return wanted


def instants(spark: SparkSession, path: str) -> list[str]:
    """Finished commits of the table, oldest first."""
    timeline = _timeline(spark, path)
    return [timeline.nthInstant(n).get().requestedTime() for n in range(timeline.countInstants())]


def exists(spark: SparkSession, path: str) -> bool:
    """Whether a Hudi table stands at the path."""
    return is_table(spark, path)


def _last_commit(spark: SparkSession, path: str) -> tuple[str, dict[str, Any]]:
    timeline = _timeline(spark, path)
    instant = timeline.lastInstant().get()
    metadata = timeline.readCommitMetadata(instant)
    return instant.requestedTime(), json.loads(metadata.toJsonString())


def _timeline(spark: SparkSession, path: str) -> JavaObject:
    return table_client(spark, path).getActiveTimeline().getCommitsTimeline().filterCompletedInstants()
