"""Events that a correction moves to another day: a key is found by its partition, so the old row must be taken out."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.table_layout import has_commits
from stream.contract import Contract

_WAS, _NOW, _FROM, _TO = "_was", "_now", "_from", "_to"


def settle_moves(rows: DataFrame, path: str, contract: Contract, partition: str) -> DataFrame:
    """Delete rows of the table that stand under another day than the batch's row of their key; the rows to upsert.

    Where the table's row is the newer one by the ordering field, it stays, and the batch's row is left out. Reads the
    keys of the whole table: the day of a key's earlier row is not known.
    """
    spark = rows.sparkSession
    if not has_commits(spark, path):
        return rows
    key = list(contract.key)
    table = spark.read.format("hudi").option("hoodie.metadata.enable", "false").load(path)
    present = table.select(*key, F.col(partition).alias(_FROM), F.col(contract.ordering).alias(_WAS))
    batch = rows.select(*key, F.col(partition).alias(_TO), F.col(contract.ordering).alias(_NOW))
    moved = (
        present.join(F.broadcast(batch), key).where(F.col(_FROM) != F.col(_TO)).persist(StorageLevel.MEMORY_AND_DISK)
    )
    try:
        if moved.isEmpty():
            return rows
        left = moved.where(F.col(_WAS) <= F.col(_NOW)).select(*key, F.col(_FROM).alias(partition))
        stale = moved.where(F.col(_WAS) > F.col(_NOW)).select(*key)
        delete(table.join(F.broadcast(left), [*key, partition], "left_semi"), path, contract)
        # The batch is read again by whoever writes it; what it was held against has changed by then.
        kept = stale.collect()
        return rows.join(spark.createDataFrame(kept, stale.schema), key, "left_anti") if kept else rows
    finally:
        moved.unpersist()


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
