"""Events that a correction moves to another day: a key is found by its partition, so the old row must be taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.jvm import located
from jobs.table_layout import last_completion
from stream import known_keys
from stream.contract import PARTITION, Contract
from stream.known_keys import Hashes, KnownKeys

MOST_DAYS = 400
"""Days that are looked into by name; more of them are all."""

MOST_BYTES = 4 * 2**30
"""Size of the files of the days whose keys are asked for to be kept; those of more are looked for in the table."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WAS, _NOW, _FROM, _TO = "_was", "_now", "_from", "_to"


@contextmanager
def settled(rows: DataFrame, path: str, contract: Contract) -> Iterator[DataFrame]:
    """Delete rows of the table that stand under another day than the batch's row of their key; the rows to upsert.

    Where the table's row is the newer one by the ordering field, it stays, and the batch's row is left out. The day of
    a key's earlier row is not known: it is looked for in the days that the contract allows it to be away. Within the
    context the rows are upserted, by the table's one writer.
    """
    if not contract.moves_within_days:
        yield rows
        return
    spark = rows.sparkSession
    known = known_keys.of_table(spark, path)
    try:
        keys = known_keys.hashes_of(rows, contract)
        yield rows if known.completion is None else _settle(rows, keys, known, path, contract)
        known.written(keys, last_completion(spark, path))
    except BaseException:
        known_keys.forget(path)
        raise


def _settle(rows: DataFrame, keys: Mapping[str, Hashes], known: KnownKeys, path: str, contract: Contract) -> DataFrame:
    """Take out what stands under another day; the rows to upsert are returned."""
    spark = rows.sparkSession
    around = _around(spark, keys, known, path, contract)
    if around is None:
        return rows
    key = list(contract.key)
    present = around.select(*key, F.col(PARTITION).alias(_FROM), F.col(contract.ordering).alias(_WAS))
    batch = rows.select(*key, F.col(PARTITION).alias(_TO), F.col(contract.ordering).alias(_NOW))
    moved = (
        present.join(F.broadcast(batch), key).where(F.col(_FROM) != F.col(_TO)).persist(StorageLevel.MEMORY_AND_DISK)
    )
    try:
        if moved.isEmpty():
            return rows
        left = moved.where(F.col(_WAS) <= F.col(_NOW)).select(*key, F.col(_FROM).alias(PARTITION))
        stale = moved.where(F.col(_WAS) > F.col(_NOW)).select(*key)
        if not left.isEmpty():
            delete(around.join(F.broadcast(left), [*key, PARTITION], "left_semi"), path, contract)
        # The batch is read again by whoever writes it; what it was held against has changed by then.
        kept = stale.collect()
        return rows.join(spark.createDataFrame(kept, stale.schema), key, "left_anti") if kept else rows
    finally:
        moved.unpersist()


def _around(
    spark: SparkSession, keys: Mapping[str, Hashes], known: KnownKeys, path: str, contract: Contract
) -> DataFrame | None:
    """Rows of the table among which may be a key of the batch under another day; none where there is no such row."""
    away = contract.moves_within_days
    if len(keys) * away > MOST_DAYS or not all(_DAY.fullmatch(day) for day in keys):
        return _stored(spark, path)
    others = {day: _others(day, away) for day in keys}
    every = sorted({other for each in others.values() for other in each})
    unknown = known.unknown(every)
    if unknown:
        size = _bytes_of(spark, path, unknown)
        if size > MOST_BYTES:
            return _stored(spark, path, every)
        known.learn(unknown, known_keys.stored_hashes(_stored(spark, path, unknown), contract, size))
    holding = {other for day, hashes in keys.items() for other in known.days_that_hold(hashes, others[day])}
    return _stored(spark, path, sorted(holding)) if holding else None


def _stored(spark: SparkSession, path: str, days: Sequence[str] | None = None) -> DataFrame:
    """Rows of the table under some days; all of them unless given. To load the table is to list its files."""
    table = spark.read.format("hudi").option("hoodie.metadata.enable", "false").load(path)
    return table if days is None else table.where(F.col(PARTITION).isin(list(days)))


def _others(day: str, away: int) -> Sequence[str]:
    """Days that are not more than so many away from a day, other than that one itself."""
    number = date.fromisoformat(day).toordinal()
    calendar = range(date.min.toordinal(), date.max.toordinal() + 1)
    steps = [step for step in range(-away, away + 1) if step and number + step in calendar]
    return [date.fromordinal(number + step).isoformat() for step in steps]


def _bytes_of(spark: SparkSession, path: str, days: Sequence[str]) -> int:
    """Size of the files of some days, earlier versions of them included."""
    size = 0
    for day in days:
        folder, system = located(spark, f"{path}/{PARTITION}={day}")
        if system.exists(folder):
            size += int(system.getContentSummary(folder).getLength())
    return size


def delete(rows: DataFrame, path: str, contract: Contract, notes: Mapping[str, str] | None = None) -> None:
    """Delete rows of the table, given as they were read from it."""
    columns = [name for name in rows.columns if not name.startswith("_hoodie_")]
    options = {
        "hoodie.table.name": contract.name,
        "hoodie.datasource.write.operation": "delete",
        "hoodie.datasource.write.commitmeta.key.prefix": "mlstack.",
        **contract.hudi,
        **{f"mlstack.{name}": value for name, value in (notes or {}).items()},
    }
    rows.select(columns).write.format("hudi").options(**options).mode("append").save(path)
