"""stream-ingest: reads a topic, validates its records, and upserts them into a Hudi table, each exactly once.

A batch's offsets are noted in the checkpoint before it runs. A batch that is killed runs again with the same
offsets: rows are upserted by key, dead letters are written over, so the second run changes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from jobs import feature_table, outcome
from stream import checkpoint, dead_letters, event_table
from stream.contract import Contract, parse_contract
from stream.kafka_settings import spark_settings
from stream.metrics import StreamMetrics
from stream.validation import REASON, REPAIRED, judge

JOB = "stream-ingest"

CLEAN_EVERY = 64
"""Batches from one look for files that may go to the next; `hoodie.clean.trigger.max.commits` counts from the last that
found some, and a table that keeps a month has none for a month."""


@dataclass
class Ingest:
    """What a run has to do, and what it has done so far."""

    spark: SparkSession
    contract: Contract
    table: str
    letters: str
    metrics: StreamMetrics
    counts: Counter[str] = field(default_factory=Counter)

    def batch(self, records: DataFrame, number: int) -> None:
        """Take one batch from records to commit."""
        start = time.monotonic()
        judged = dead_letters.without_accepted_text(judge(records, self.contract)).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            counted = _by_reason(judged)
            seen = _sums(counted)
            if seen["records"] > seen["rejected"]:
                present = event_table.schema_of(self.spark, self.table) if self.contract.additional == "keep" else {}
                columns = event_table.additional_columns(judged, self.contract, present)
                rows = event_table.transform(judged, self.contract, columns)
                clean = number % CLEAN_EVERY == CLEAN_EVERY - 1
                event_table.upsert(rows, self.table, self.contract, {"batch": str(number)}, clean=clean)
            if seen["rejected"]:
                dead_letters.keep(judged, self.letters, self._stream(), number, self.contract.version)
        finally:
            judged.unpersist()
        self.counts.update(seen)
        self.counts["batches"] += 1
        seconds = round(time.monotonic() - start, 2)
        newest = max((row["newest"] for row in counted), default=None)
        self.metrics.batch({row["reason"]: row["records"] for row in counted}, newest, seconds)
        print(json.dumps({"batch": number, **seen, "seconds": seconds}), flush=True)

    def _stream(self) -> str:
        # Batch numbers begin anew with a new checkpoint; its id keeps their letters apart.
        return str(self.spark.sparkContext.getLocalProperty("sql.streaming.queryId"))


def records(spark: SparkSession, servers: str, topic: str, most: int) -> DataFrame:
    """The topic as a stream of text records, from its beginning unless the checkpoint says otherwise."""
    source = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", servers)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        # Records that were removed before they were read are a loss to be told of, not skipped.
        .option("failOnDataLoss", "true")
        # Each partition's share is rounded down: without a little more, what is left is a batch of its own.
        .option("maxOffsetsPerTrigger", round(most * 1.001))
        .options(**spark_settings(os.environ))
        .load()
    )
    return source.select(
        "topic",
        "partition",
        "offset",
        F.col("timestamp").alias(event_table.KAFKA_TIME),
        F.col("key").cast("string"),
        F.col("value").cast("string"),
    )


def ingest(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Run until caught up, or until told to stop."""
    contract = parse_contract(options.contract)
    table = f"{options.feature_store}/{contract.name}"
    place = f"{options.raw}/checkpoints/{contract.name}"
    metrics = StreamMetrics(contract.name)
    work = Ingest(spark, contract, table, f"{options.raw}/rejected/{contract.name}", metrics)
    event_table.require_compatible(event_table.schema_of(spark, table), contract, table)
    spark.streams.addListener(metrics)
    start = time.monotonic()
    writer = (
        records(spark, options.servers, options.topic, options.batch)
        .writeStream.queryName(JOB)
        .option("checkpointLocation", place)
        .foreachBatch(work.batch)
    )
    if options.every is None:
        query = writer.trigger(availableNow=True).start()
    else:
        query = writer.trigger(processingTime=f"{options.every} seconds").start()
    query.awaitTermination()
    spark.streams.removeListener(metrics)
    # Spark tells its listeners later, or not at all once the run is over.
    if query.lastProgress is not None:
        metrics.progress(query.lastProgress)
    seconds = time.monotonic() - start
    read = work.counts["records"]
    rows, totals = _totals(work, place)
    return {
        "rows": rows,
        "instant": feature_table.resolve_instant(spark, table, None) if rows else "",
        "metrics": {
            **totals,
            "repaired": work.counts["repaired"],
            "batches": work.counts["batches"],
            "read": read,
            "seconds": round(seconds, 2),
            "perSecond": round(read / seconds),
        },
    }


def _totals(work: Ingest, place: str) -> tuple[int, dict[str, int]]:
    """Rows of the table, and where every record ever taken has gone: what lies there says it, whoever was killed."""
    rows = 0
    if event_table.exists(work.spark, work.table):
        table = work.spark.read.format("hudi").option("hoodie.metadata.enable", "false").load(work.table)
        rows = table.select(*work.contract.key).count()
    letters = dead_letters.read(work.spark, work.letters)
    rejected = 0 if letters is None else letters.count()
    taken = checkpoint.consumed(work.spark, place)
    return rows, {"records": taken, "rejected": rejected, "duplicates": taken - rejected - rows}


def replay(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Judge the dead letters again, and put those that now pass into the table."""
    contract = parse_contract(options.contract)
    path = f"{options.raw}/rejected/{contract.name}"
    letters = dead_letters.read(spark, path)
    if letters is None:
        return {"rows": 0, "metrics": {"accepted": 0, "rejected": 0}}
    judged = judge(letters.drop("reason", "contract_version"), contract).persist(StorageLevel.MEMORY_AND_DISK)
    seen = _sums(_by_reason(judged))
    accepted = seen["records"] - seen["rejected"]
    if accepted:
        rows = event_table.transform(judged, contract, [])
        event_table.upsert(
            rows,
            f"{options.feature_store}/{contract.name}",
            contract,
            {"replay": str(contract.version)},
        )
        dead_letters.settle(judged.where(F.col(REASON).isNull()), path)
    judged.unpersist()
    return {
        "rows": accepted,
        "metrics": {"accepted": accepted, "rejected": seen["rejected"]},
    }


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """What the job is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--contract", required=True, help="what a record must look like, as JSON")
    parser.add_argument("--feature-store", required=True, help="URI of the bucket that takes the table")
    parser.add_argument(
        "--raw",
        required=True,
        help="URI of the bucket that takes checkpoint and dead letters",
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--topic", help="topic to read")
    mode.add_argument("--replay", action="store_true", help="take up the dead letters again instead")
    parser.add_argument("--servers", help="HOST:PORT of the brokers, separated by commas")
    parser.add_argument(
        "--every",
        type=float,
        help="run on, a batch every so many seconds; else end when caught up",
    )
    parser.add_argument("--batch", type=int, default=250_000, help="most records of a batch")
    parser.add_argument("--run", help="names the run, so that another declaration is another run; not read")
    parser.add_argument(
        "--result",
        default=outcome.TERMINATION_MESSAGE,
        help="file that takes the result as JSON",
    )
    return parser.parse_args(argv)


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(
        JOB,
        options.result,
        lambda spark: (replay if options.replay else ingest)(spark, options),
    )


def _by_reason(judged: DataFrame) -> Sequence[Row]:
    """Records, repairs and the newest record's time, by the first reason; null stands for those that are accepted."""
    return (
        judged.groupBy(F.substring_index(REASON, "; ", 1).alias("reason"))
        .agg(
            F.count(F.lit(1)).alias("records"),
            F.sum(REPAIRED).alias("repaired"),
            F.max(event_table.KAFKA_TIME).alias("newest"),
        )
        .collect()
    )


def _sums(counted: Sequence[Row]) -> dict[str, int]:
    return {
        "records": sum(row["records"] for row in counted),
        "rejected": sum(row["records"] for row in counted if row["reason"] is not None),
        "repaired": sum(row["repaired"] for row in counted if row["reason"] is None),
    }


if __name__ == "__main__":
    main()
