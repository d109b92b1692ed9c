"""The Hudi table of a stream's accepted events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from jobs import hadoop_file, table_layout
from jobs.errors import JobError
from jobs.table_layout import has_commits
from jobs.table_lock import writing
from stream.contract import KAFKA_TIME, PARTITION, SQL_TYPES, Contract
from stream.moved_events import settled
from stream.validation import ADDITIONAL, DELETION, REASON

_RANK = "_rank"

MOST_ADDITIONAL = 32
"""Columns that undeclared fields may add to a table; a stream that invents names must not make it grow for ever."""


def transform(judged: DataFrame, contract: Contract, columns: list[str]) -> DataFrame:
    """Turn accepted records into rows of the table, each key once; `columns` are those that undeclared fields add.

    `judged` must be cached: Spark would push the condition below the parsing, and parse once for every field.
    """
    extra: list[Column] = [F.col(ADDITIONAL)[name].alias(name) for name in columns]
    if contract.deletes is not None:
        extra.append(F.col(DELETION).alias("_hoodie_is_deleted"))
    newest = Window.partitionBy(*contract.key).orderBy(F.desc(contract.ordering), F.desc("partition"), F.desc("offset"))
    ranked = judged.where(F.col(REASON).isNull()).withColumn(_RANK, F.row_number().over(newest))
    return ranked.where(F.col(_RANK) == 1).select(
        *(field.name for field in contract.fields),
        KAFKA_TIME,
        F.date_format(contract.event_time, "yyyy-MM-dd").alias(PARTITION),
        *extra,
    )


def additional_columns(judged: DataFrame, contract: Contract, present: Mapping[str, str]) -> list[str]:
    """Names of the undeclared fields in a batch, and of those that the table has already."""
    if contract.additional == "ignore":
        return []
    fresh = judged.select(F.explode(F.map_keys(ADDITIONAL)).alias("name")).distinct().limit(1000).collect()
    own = {*(field.name for field in contract.fields), KAFKA_TIME, PARTITION}
    # A column of another type is that of a field which was declared once: what it would take as text is no value of it.
    known = [
        name
        for name, kind in present.items()
        if name not in own and not name.startswith("_hoodie_") and kind == "string"
    ]
    legal = sorted({row["name"] for row in fresh} - own - set(present))
    return [*known, *legal][:MOST_ADDITIONAL]


def upsert(rows: DataFrame, path: str, contract: Contract, notes: Mapping[str, str], *, clean: bool = True) -> None:
    """Write rows by key: those that are there already stay as they are, unless the ordering field has grown.

    `clean`: whether to look for files that no kept instant needs; until there are some, each look lists the table.
    """
    options = {
        "hoodie.table.name": contract.name,
        "hoodie.datasource.write.operation": "upsert",
        # Columns of the table that a batch lacks are filled with nulls in the batch's rows.
        "hoodie.write.set.null.for.missing.columns": "true",
        "hoodie.datasource.write.commitmeta.key.prefix": "mlstack.",
        "hoodie.clean.automatic": str(clean).lower(),
        **contract.hudi,
        **{f"mlstack.{name}": value for name, value in notes.items()},
    }
    # Held for a batch at a time: a replay, or whatever else has to write, comes in between two.
    with writing(path, "events"):
        require_layout(rows.sparkSession, path, contract)
        # Read for its days, for its keys, and to be written.
        rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            with settled(rows, path, contract) as sound:
                sound.write.format("hudi").options(**options).mode("append").save(path)
        finally:
            rows.unpersist()


def of_table(spark: SparkSession, path: str, contract: Contract) -> Contract:
    """The contract with the record key that the table has."""
    return replace(contract, hudi=table_layout.with_key_of_table(spark, path, contract.hudi))


def require_writable(spark: SparkSession, path: str, contract: Contract) -> None:
    """Fail unless the table takes a row that it has; of a table that is not there yet, unless its place takes one."""
    if has_commits(spark, path):
        row = spark.read.format("hudi").load(path).limit(1)
        kept = [name for name in row.columns if not name.startswith("_hoodie_")]
        upsert(row.select(*kept), path, contract, {"probe": "true"}, clean=False)
        return
    scratch = f"{path}.probe"
    row = spark.range(1).select(
        *(F.lit("0").cast(SQL_TYPES[field.type]).alias(field.name) for field in contract.fields),
        F.current_timestamp().alias(KAFKA_TIME),
        F.lit("1970-01-01").alias(PARTITION),
    )
    # The values do not matter: a write only needs a key, an ordering field and a day.
    filled = row.withColumns({name: F.current_timestamp() for name in (contract.event_time,)})
    upsert(filled, scratch, contract, {}, clean=False)
    hadoop_file.remove(spark, scratch)
    hadoop_file.remove(spark, table_layout.note(scratch))


def schema_of(spark: SparkSession, path: str) -> dict[str, str]:
    """Columns of the table with their types; empty when there is no table yet."""
    if not has_commits(spark, path):
        return {}
    table = spark.read.format("hudi").load(path)
    return {field.name: field.dataType.simpleString() for field in table.schema.fields}


def require_layout(spark: SparkSession, path: str, contract: Contract) -> None:
    """Fail before anything is written where the contract asks for another layout than the table has."""
    table_layout.require_layout(spark, path, contract.hudi, f"name the contract {contract.name}_v2: another table")


def require_compatible(present: Mapping[str, str], contract: Contract, path: str) -> None:
    """Fail before the first batch when a declared type is another one than the table's column has."""
    for field in contract.fields:
        column = present.get(field.name)
        if column is not None and column != SQL_TYPES[field.type]:
            raise JobError(
                f"{path}: the column {field.name} is {column} and the contract says {field.type}; "
                "declare the field under a new name, or write to a new table"
            )
