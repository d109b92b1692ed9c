"""table-bench: what the declared settings of an events table save, beside Hudi's defaults and plain Parquet.

Each contender takes the same rows in four upserts, then a change of 1 % of the keys, then the same two queries. The
declared table gets them once more when its changes are compacted into its files, as they are after some commits.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import outcome
from stream import event_table
from stream.contract import KAFKA_TIME, PARTITION, Contract, parse_contract

JOB = "table-bench"
LOADS = 4


@dataclass(frozen=True)
class Contender:
    """A way to keep the table: how rows get in, and how they are read."""

    upsert: Callable[[DataFrame], None]
    read: Callable[[], DataFrame]
    compact: Callable[[], None] | None = None
    """Merges changes that were appended into the files that they change, where the table keeps the two apart."""


def bench(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Seconds of each contender by phase, and how many times as long as the declared table the others take."""
    contract = parse_contract(options.contract)
    rows = _rows(spark, f"{options.feature_store}/{contract.name}").persist(StorageLevel.MEMORY_AND_DISK)
    count = rows.count()
    seconds: dict[str, dict[str, float]] = {}
    for name, contender in _contenders(spark, contract, f"{options.feature_store}/table-bench").items():
        seconds[name] = _phases(contender, rows, contract)
        print(f"{name}: {seconds[name]}", flush=True)
    declared, defaults = seconds["declared"], seconds["defaults"]
    return {
        "rows": count,
        "seconds": seconds,
        "defaultsOverDeclared": _ratio(_written(defaults), _written(declared)),
        "rewriteOverUpsert": _ratio(seconds["parquet"]["change"], declared["change"]),
        "queryOverDefaults": _ratio(declared["query"], defaults["query"]),
        "compactedQueryOverDefaults": _ratio(declared["compactedQuery"], defaults["query"]),
    }


def _written(seconds: Mapping[str, float]) -> float:
    return seconds["load"] + seconds["change"]


def _phases(contender: Contender, rows: DataFrame, contract: Contract) -> dict[str, float]:
    bucket = F.pmod(F.xxhash64(*contract.key), F.lit(100))
    # They are read before anything is timed, so that their reading is not measured.
    changed = rows.where(bucket == 0).withColumn(KAFKA_TIME, F.current_timestamp()).persist()
    changed.count()

    def load() -> None:
        for part in range(LOADS):
            contender.upsert(rows.where(F.pmod(bucket, F.lit(LOADS)) == part))

    def query() -> None:
        table = contender.read()
        table.groupBy(PARTITION).agg(F.count_distinct(*contract.key), F.max(contract.event_time)).collect()
        table.where(F.col(contract.event_time) > F.lit("2000-01-01")).select(*contract.key).count()

    phases = {
        "load": _seconds(load),
        "change": _seconds(lambda: contender.upsert(changed)),
        "query": _seconds(query),
    }
    if contender.compact is not None:
        phases["compaction"] = _seconds(contender.compact)
        phases["compactedQuery"] = _seconds(query)
    return phases


def _contenders(spark: SparkSession, contract: Contract, folder: str) -> Mapping[str, Contender]:
    """By name. The first, `warm`, is there to load classes that the others then find loaded."""
    default = {
        "hoodie.table.name": contract.name,
        "hoodie.datasource.write.operation": "upsert",
        "hoodie.datasource.write.recordkey.field": ",".join(contract.key),
        "hoodie.datasource.write.partitionpath.field": PARTITION,
        "hoodie.table.ordering.fields": contract.ordering,
    }

    def hudi(name: str) -> Callable[[], DataFrame]:
        return lambda: spark.read.format("hudi").load(f"{folder}/{name}")

    rewritten = _Parquet(spark, f"{folder}/parquet", contract)
    return {
        "warm": Contender(
            lambda rows: event_table.upsert(rows.limit(1000), f"{folder}/warm", contract, {}),
            hudi("warm"),
        ),
        "defaults": Contender(
            lambda rows: rows.write.format("hudi").options(**default).mode("append").save(f"{folder}/defaults"),
            hudi("defaults"),
        ),
        "declared": Contender(
            lambda rows: event_table.upsert(rows, f"{folder}/declared", contract, {}),
            hudi("declared"),
            lambda: _compact(spark, f"{folder}/declared", contract),
        ),
        "parquet": Contender(rewritten.upsert, rewritten.read),
    }


def _compact(spark: SparkSession, path: str, contract: Contract) -> None:
    """Compact a table now, by the upsert of no row."""
    at_once = {**contract.hudi, "hoodie.compact.inline": "true", "hoodie.compact.inline.max.delta.commits": "1"}
    event_table.upsert(_rows(spark, path).limit(0), path, replace(contract, hudi=at_once), {})


def _rows(spark: SparkSession, path: str) -> DataFrame:
    """Rows of a table, without the columns that Hudi adds."""
    table = spark.read.format("hudi").load(path)
    return table.select(*(name for name in table.columns if not name.startswith("_hoodie_")))


class _Parquet:
    """A table without an index: to change a row is to write all of them again."""

    def __init__(self, spark: SparkSession, folder: str, contract: Contract) -> None:
        self._spark = spark
        self._folder = folder
        self._contract = contract
        self._version = 0

    def upsert(self, rows: DataFrame) -> None:
        all_rows = rows
        if self._version > 0:
            rest = self.read().join(rows.select(*self._contract.key), list(self._contract.key), "left_anti")
            all_rows = rest.unionByName(rows)
        target = f"{self._folder}/{self._version + 1}"
        all_rows.write.partitionBy(PARTITION).parquet(target)
        self._version += 1

    def read(self) -> DataFrame:
        return self._spark.read.parquet(f"{self._folder}/{self._version}")


def _seconds(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return round(time.monotonic() - start, 2)


def _ratio(one: float, other: float) -> float:
    return round(one / other, 2)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the job's command line."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--contract", required=True, help="contract of the events table, as JSON")
    parser.add_argument("--feature-store", required=True, help="URI of the folder that has it, and takes the others")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: bench(spark, options))


if __name__ == "__main__":
    main()
