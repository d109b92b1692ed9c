"""Events that a correction moves to another day: a key is found by its partition, so the old row must be taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.table_layout import has_commits
from stream.contract import PARTITION, Contract

MOST_DAYS = 400
"""Days that are looked into by name; more of them are all."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WAS, _NOW, _FROM, _TO = "_was", "_now", "_from", "_to"


def settle_moves(rows: DataFrame, path: str, contract: Contract) -> DataFrame:
    """Delete rows of the table that stand under another day than the batch's row of their key; the rows to upsert.

    Where the table's row is the newer one by the ordering field, it stays, and the batch's row is left out. The day of
    a key's earlier row is not known: it is looked for in the days that the contract allows it to be away.
    """
    spark = rows.sparkSession
    if not contract.moves_within_days or not has_commits(spark, path):
        return rows
    days = [str(row[PARTITION]) for row in rows.select(PARTITION).distinct().collect()]
    key = list(contract.key)
    table = spark.read.format("hudi").option("hoodie.metadata.enable", "false").load(path)
    around = table.where(_others(days, contract.moves_within_days))
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


def _others(days: Sequence[str], away: int) -> Column:
    """Days that are not more than so many away from one of some days, other than that one itself."""
    if len(days) * away > MOST_DAYS or not all(_DAY.fullmatch(day) for day in days):
        return F.lit(True)
    numbers = [date.fromisoformat(day).toordinal() for day in days]
    others = {number + step for number in numbers for step in range(-away, away + 1) if step}
    known = range(date.min.toordinal(), date.max.toordinal() + 1)
    return F.col(PARTITION).isin(sorted(date.fromordinal(each).isoformat() for each in others if each in known))


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
