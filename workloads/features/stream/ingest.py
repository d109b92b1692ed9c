"""stream-ingest: reads a topic or a database's table, validates the records, and upserts each once into a Hudi table.

A batch's offsets are noted in the checkpoint before it runs. A batch that is killed runs again with the same
offsets: rows are upserted by key, dead letters are written over, so the second run changes nothing. A batch that
fails twice is bisected, and the records that it fails for become dead letters.
"""

from __future__ import annotations

import argparse
import functools
import json
import operator
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from jobs import feature_table, outcome
from jobs.errors import JobError, NoRestartError
from jobs.table_layout import has_commits
from jobs.table_lock import writing
from stream import bisection, checkpoint, dead_letters, event_table
from stream.bisection import Place, Span
from stream.contract import KAFKA_TIME, Contract, parse_contract
from stream.database import connection_properties, parse_source
from stream.dead_letters import PLACE
from stream.kafka_settings import spark_settings
from stream.ledger import Ledger, balance, discrepancies, erased
from stream.metrics import StreamMetrics
from stream.table_reads import TableReads
from stream.topic import describe, lost
from stream.validation import REASON, REFUSED, REPAIRED, UNFIT_NAME, judge

JOB = "stream-ingest"

CLEAN_EVERY = 64
"""Batches between two searches for files to clean. `hoodie.clean.trigger.max.commits` counts from the last search that
found some, and a table that keeps a month has none for a month."""


MOST_CONDEMNED = 100
"""Records of one batch that may fail alone; where more do, the table is at fault and not the records."""


@dataclass
class Ingest:
    """A run's arguments and its counts so far."""

    spark: SparkSession
    contract: Contract
    table: str
    rejected: str
    """Folder of the dead letters."""
    metrics: StreamMetrics
    ledger: Ledger
    topic_id: str = ""
    rejected_by: str = ""
    """Keeps the dead letters of a source's batches apart from those of others; the query's id unless given."""
    pause: float = 5
    """Seconds before a batch that failed is tried again."""
    counts: Counter[str] = field(default_factory=Counter)

    def batch(self, records: DataFrame, number: int) -> None:
        """Take one batch from records to commit; what it fails for becomes dead letters."""
        start = time.monotonic()
        try:
            counted, seen = self._attempt(records, number)
        except Exception as first:  # noqa: BLE001 - no record may stop the stream, whatever refuses it
            print(f"batch {number} failed and is tried again: {outcome.reason_of(first)}", flush=True)
            time.sleep(self.pause)
            try:
                counted, seen = self._attempt(records, number)
            except Exception as second:  # noqa: BLE001 - as above
                print(f"batch {number} failed again and is bisected: {outcome.reason_of(second)}", flush=True)
                counted, seen = self._attempt(records, number, self._condemned(records, number))
        self.ledger.note(number, seen)
        self.counts.update(seen)
        self.counts["batches"] += 1
        seconds = round(time.monotonic() - start, 2)
        newest = max((row["newest"] for row in counted), default=None)
        self.metrics.batch({row["reason"]: row["records"] for row in counted}, newest, seconds)
        print(json.dumps({"batch": number, **seen, "seconds": seconds}), flush=True)

    def _attempt(
        self, records: DataFrame, number: int, condemned: Mapping[Place, str] | None = None
    ) -> tuple[Sequence[Row], dict[str, int]]:
        refused = _refused(records, condemned or {})
        sound = records if refused is None else records.join(refused.select(*PLACE), list(PLACE), "left_anti")
        judged = self._judged(sound)
        try:
            counted = _by_reason(judged)
            if refused is not None:
                counted = [*counted, *_by_reason(refused)]
            seen = _sums(counted)
            if seen["accepted"]:
                self._upsert(judged, number)
            if seen["rejected"]:
                rejected = dead_letters.of(judged, self.topic_id, self.contract.version)
                if refused is not None:
                    rejected = rejected.unionByName(dead_letters.of(refused, self.topic_id, self.contract.version))
                dead_letters.keep(rejected, self.rejected, self._stream(), number)
            else:
                # An attempt that was killed may have rejected records by another version of the contract.
                dead_letters.drop(self.spark, self.rejected, self._stream(), number)
        finally:
            judged.unpersist()
        return counted, seen

    def _judged(self, records: DataFrame) -> DataFrame:
        judged = dead_letters.without_accepted_text(judge(records, self.contract))
        return judged.persist(StorageLevel.MEMORY_AND_DISK)

    def _upsert(self, judged: DataFrame, number: int) -> None:
        present = event_table.schema_of(self.spark, self.table) if self.contract.additional == "keep" else {}
        columns = event_table.additional_columns(judged, self.contract, present)
        rows = event_table.transform(judged, self.contract, columns)
        clean = number % CLEAN_EVERY == CLEAN_EVERY - 1
        event_table.upsert(rows, self.table, self.contract, {"batch": str(number)}, clean=clean)

    def _condemned(self, records: DataFrame, number: int) -> dict[Place, str]:
        """The records for which the batch fails; the others are written on the way."""
        ends = records.groupBy("topic", "partition").agg(F.min("offset").alias("first"), F.max("offset").alias("last"))
        spans = [
            Span(row["topic"], row["partition"], row["first"], row["last"] + 1)
            for row in sorted(ends.collect(), key=lambda row: (row["topic"], row["partition"]))
        ]

        def attempt(some: Sequence[Span]) -> None:
            judged = self._judged(records.where(_within(some)))
            try:
                if _sums(_by_reason(judged))["accepted"]:
                    self._upsert(judged, number)
            finally:
                judged.unpersist()

        def explain(error: BaseException) -> str:
            # Not the record's fault where nothing can be written at all.
            event_table.require_writable(self.spark, self.table, self.contract)
            return f"{REFUSED}: {outcome.reason_of(error)}"[:1000]

        return bisection.condemned(spans, attempt, explain, most=MOST_CONDEMNED)

    def _stream(self) -> str:
        # Batch numbers restart with a new checkpoint; its id keeps their dead letters apart.
        return self.rejected_by or str(self.spark.sparkContext.getLocalProperty("sql.streaming.queryId"))


def _within(spans: Sequence[Span]) -> Column:
    within = [
        (F.col("topic") == span.topic)
        & (F.col("partition") == span.partition)
        & F.col("offset").between(span.start, span.end - 1)
        for span in spans
    ]
    return functools.reduce(operator.or_, within, F.lit(False))


def _refused(records: DataFrame, condemned: Mapping[Place, str]) -> DataFrame | None:
    """Condemned records with their reasons, in the shape of judged ones."""
    if not condemned:
        return None
    spark = records.sparkSession
    rows = [(*place, reason) for place, reason in condemned.items()]
    reasons = spark.createDataFrame(rows, f"topic string, partition int, offset long, {REASON} string")
    return records.join(F.broadcast(reasons), list(PLACE)).withColumn(REPAIRED, F.lit(0))


def records(spark: SparkSession, servers: str, topic: str, most: int, *, complete: bool = True) -> DataFrame:
    """The topic as a stream of text records, from its beginning unless the checkpoint says otherwise.

    `complete`: whether to fail where records were removed before they were read.
    """
    source = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", servers)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", str(complete).lower())
        # Each partition's share is rounded down: without a little more, what is left is a batch of its own.
        .option("maxOffsetsPerTrigger", round(most * 1.001))
        .options(**spark_settings(os.environ))
        .load()
    )
    return source.select(
        "topic",
        "partition",
        "offset",
        F.col("timestamp").alias(KAFKA_TIME),
        F.col("key").cast("string"),
        F.col("value").cast("string"),
    )


def ingest(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Run until caught up; with `every`, until stopped."""
    declared = parse_contract(options.contract)
    table = f"{options.feature_store}/{declared.name}"
    contract = event_table.of_table(spark, table, declared)
    root = f"{options.raw}/checkpoints/{contract.name}"
    topic = describe(spark, options.servers, options.topic, spark_settings(os.environ))
    place = checkpoint.place(spark, root, topic.id)
    if place != root:
        print(f"topic {topic.name} was made anew, as {topic.id}: it is read from its beginning", flush=True)
    gone = lost(topic, checkpoint.reached(spark, place))
    missing = sum(end - start for start, end in gone.values())
    if gone and options.on_loss == "stop":
        spans = ", ".join(f"partition {number} offsets {start} to {end - 1}" for number, (start, end) in gone.items())
        # A long-running job would be restarted forever.
        raise (JobError if options.every is None else NoRestartError)(
            f"topic {topic.name}: {missing} records were removed before they were read ({spans}); to go on without "
            "them set the stream's ingest.onLoss to continue, and to keep them longer the topic's retentionHours; what "
            "was lost can be sent to the topic again"
        )
    rejected = f"{options.raw}/rejected/{contract.name}"
    metrics = StreamMetrics(contract.name)
    work = Ingest(spark, contract, table, rejected, metrics, Ledger(spark, place), topic.id)
    event_table.require_layout(spark, table, contract)
    event_table.require_compatible(event_table.schema_of(spark, table), contract, table)
    spark.streams.addListener(metrics)
    start = time.monotonic()
    writer = (
        records(spark, options.servers, options.topic, options.batch, complete=options.on_loss == "stop")
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
    return _summary(work, root, time.monotonic() - start, missing)


def ingest_table(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Read a database's table from the last high-water mark on; with `every` periodically, until stopped."""
    declared = parse_contract(options.contract)
    source = parse_source(options.database)
    table = f"{options.feature_store}/{declared.name}"
    contract = event_table.of_table(spark, table, declared)
    root = f"{options.raw}/checkpoints/{contract.name}"
    properties = connection_properties(source, os.environ)
    place = checkpoint.place(spark, root, source.id)
    rejected = f"{options.raw}/rejected/{contract.name}"
    metrics = StreamMetrics(contract.name)
    work = Ingest(spark, contract, table, rejected, metrics, Ledger(spark, place), source.id, source.id)
    event_table.require_layout(spark, table, contract)
    event_table.require_compatible(event_table.schema_of(spark, table), contract, table)
    reads = TableReads(spark, place, source, properties)
    start = time.monotonic()
    while True:
        # The lease stops a driver that was presumed dead from overwriting its successor's high-water mark.
        with writing(place, "read"):
            pending = reads.last()
            if pending is not None:
                # The stored rows of a run that was killed are used, and not read again.
                reads.commit(pending, work.batch)
            reads.commit(reads.take(contract, options.batch), work.batch)
        metrics.push()
        if options.every is None:
            return _summary(work, root, time.monotonic() - start, 0)
        time.sleep(options.every)


def _summary(work: Ingest, root: str, seconds: float, missing: int) -> dict[str, object]:
    """Return the run's result. `missing`: records lost before the run.

    @raises JobError where records do not add up
    """
    spark, table = work.spark, work.table
    read = work.counts["records"]
    rows, totals = _totals(work, root)
    parts = f"{rows} rows + {totals['rejected']} dead letters + {totals['duplicates']} duplicates"
    if totals["erased"]:
        parts += f" + {totals['erased']} erased"
    print(f"{totals['records']} records = {parts}", flush=True)
    return {
        "rows": rows,
        "instant": feature_table.resolve_instant(spark, table, None) if rows else "",
        "metrics": {
            **totals,
            "lost": missing,
            "repaired": work.counts["repaired"],
            "batches": work.counts["batches"],
            "read": read,
            "seconds": round(seconds, 2),
            "perSecond": round(read / seconds),
        },
    }


def _totals(work: Ingest, root: str) -> tuple[int, dict[str, int]]:
    """Rows of the table, and the outcome of every record ever read, counted from the stored data after any failure.

    @raises JobError where rows, dead letters and duplicates are not what batches have counted
    """
    rows = 0
    if has_commits(work.spark, work.table):
        table = work.spark.read.format("hudi").option("hoodie.metadata.enable", "false").load(work.table)
        rows = table.select(*work.contract.key).count()
    found = dead_letters.read(work.spark, work.rejected)
    rejected = 0 if found is None else found.count()
    replayed = dead_letters.settled(work.spark, work.rejected)
    dead_letters_erased, rows_erased = dead_letters.erased(work.spark, work.rejected), erased(work.spark, root)
    sums = balance(work.spark, root)
    kept = rejected + replayed + dead_letters_erased
    wrong = list(discrepancies(sums, rows=rows, dead_letters=kept, replayed=replayed))
    if sums["accepted"] and not rows and not rows_erased and work.contract.deletes is None:
        wrong.append(f"the table has no row of {sums['accepted']} accepted records")
    if wrong:
        raise JobError(
            f"{work.contract.name}: records are unaccounted for: {'; '.join(wrong)}; keep {root} and {work.rejected} "
            "as they are, and report it with the job's log"
        )
    records, gone = sums["records"], dead_letters_erased + rows_erased
    duplicates = records - rejected - rows - gone
    return rows, {"records": records, "rejected": rejected, "duplicates": duplicates, "erased": gone}


def replay(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Validate the dead letters again, and upsert those that now pass into the table."""
    declared = parse_contract(options.contract)
    table = f"{options.feature_store}/{declared.name}"
    contract = event_table.of_table(spark, table, declared)
    path = f"{options.raw}/rejected/{contract.name}"
    found = dead_letters.read(spark, path)
    if found is None:
        return {"rows": 0, "metrics": {"accepted": 0, "rejected": 0}}
    judged = judge(found.drop("reason", "contract_version"), contract).persist(StorageLevel.MEMORY_AND_DISK)
    seen = _sums(_by_reason(judged))
    accepted = seen["accepted"]
    if accepted:
        rows = event_table.transform(judged, contract, [])
        event_table.upsert(rows, table, contract, {"replay": str(contract.version)})
        dead_letters.settle(judged.where(F.col(REASON).isNull()), path)
    judged.unpersist()
    return {
        "rows": accepted,
        "metrics": {"accepted": accepted, "rejected": seen["rejected"]},
    }


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the job's command line."""
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
    mode.add_argument("--database", help="table of a database to read, as JSON; credentials come from the environment")
    mode.add_argument("--replay", action="store_true", help="take up the dead letters again instead")
    parser.add_argument("--servers", help="HOST:PORT of the brokers, separated by commas")
    parser.add_argument(
        "--every",
        type=float,
        help="run on, a batch every so many seconds; else end when caught up",
    )
    parser.add_argument("--batch", type=int, default=250_000, help="most records of a batch")
    parser.add_argument(
        "--on-loss",
        choices=("stop", "continue"),
        default="stop",
        help="what to do where the topic has lost records that were not read: end, or go on with those that are left",
    )
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
    job = replay if options.replay else ingest if options.database is None else ingest_table
    outcome.run(JOB, options.result, lambda spark: job(spark, options))


def _by_reason(judged: DataFrame) -> Sequence[Row]:
    """Records, repairs and the newest record's time, by the first reason; null stands for those that are accepted."""
    # Without the quoted value, so that the number of distinct reasons is bounded.
    first = F.substring_index(REASON, "; ", 1)
    for kind in (UNFIT_NAME, REFUSED):
        first = F.when(F.col(REASON).startswith(f"{kind}: "), F.lit(kind)).otherwise(first)
    return (
        judged.groupBy(first.alias("reason"))
        .agg(
            F.count(F.lit(1)).alias("records"),
            F.sum(REPAIRED).alias("repaired"),
            F.max(KAFKA_TIME).alias("newest"),
        )
        .collect()
    )


def _sums(counted: Sequence[Row]) -> dict[str, int]:
    accepted = sum(row["records"] for row in counted if row["reason"] is None)
    records = sum(row["records"] for row in counted)
    return {
        "records": records,
        "accepted": accepted,
        "rejected": records - accepted,
        "repaired": sum(row["repaired"] for row in counted if row["reason"] is None),
    }


if __name__ == "__main__":
    main()
