"""A batch of any size is written within an executor's heap."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyspark")

from pyspark.sql import functions as F

from stream import event_table
from stream.contract import KAFKA_TIME, PARTITION, SQL_TYPES, parse_contract
from stream_tests.conftest import SPECS

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

CONTRACT = parse_contract(json.dumps(SPECS["contract"]))

BLOCK = b"#HUDI#"
"""First bytes of each block of a log file: HoodieLogFormat.MAGIC."""


def events(spark: SparkSession, count: int) -> DataFrame:
    """Rows of one day."""
    fields = [F.col("id").cast("string").cast(SQL_TYPES[field.type]).alias(field.name) for field in CONTRACT.fields]
    rows = spark.range(count).select("id", *fields)
    return (
        rows.withColumn(CONTRACT.event_time, F.timestamp_seconds(F.lit(1_767_600_000)))
        .withColumn(KAFKA_TIME, F.current_timestamp())
        .withColumn(PARTITION, F.lit("2026-01-05"))
        .drop("id")
    )


def test_an_append_holds_few_records_at_once(spark: SparkSession, tmp_path: Path) -> None:
    count = 120_000
    path = f"file:{tmp_path}/events"
    # Rows of an existing file group are appended to log files; the first rows of a file group are written directly.
    event_table.upsert(events(spark, 1000), path, CONTRACT, {})
    event_table.upsert(events(spark, count), path, CONTRACT, {})
    logs = [file.read_bytes() for file in (tmp_path / "events").rglob(".*.log.*") if not file.name.endswith(".crc")]
    # One log file of Hudi's default size would have taken all of them.
    assert len(logs) == 2
    assert all(text.count(BLOCK) > 1 for text in logs)
    assert spark.read.format("hudi").load(path).count() == count


def test_changes_that_do_not_fit_into_memory_are_not_compressed_one_by_one(spark: SparkSession) -> None:
    jvm = spark._jvm
    assert jvm is not None
    settings = jvm.org.apache.hudi.common.config.DFSPropertiesConfiguration.getGlobalProps()
    assert settings.getProperty("hoodie.common.diskmap.compression.enabled") == "false"
