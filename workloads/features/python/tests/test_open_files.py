"""A job that reads for months has no more files open than one that has just begun."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.event_store import Store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def open_files(spark: SparkSession, folder: Path) -> list[str]:
    """Files below a folder that the session's Java process has open."""
    assert spark.sparkContext._gateway is not None
    found = []
    for descriptor in Path(f"/proc/{spark.sparkContext._gateway.proc.pid}/fd").iterdir():
        # Others open and close theirs meanwhile.
        with suppress(FileNotFoundError):
            found.append(os.readlink(descriptor))
    return sorted(name for name in found if name.startswith(str(folder)))


def test_a_read_closes_the_log_files_that_it_merges(spark: SparkSession, tmp_path: Path) -> None:
    store = Store(spark, tmp_path)
    for hour in range(3):
        store.events(("a", 1, hour, "catalog"), (f"b{hour}", 2, hour, "catalog"))
    assert [path.name for path in tmp_path.rglob(".*.log.*") if path.suffix != ".crc"]
    assert spark.read.format("hudi").load(f"{store.uri}/clickstream_events").count() == 4
    assert open_files(spark, tmp_path) == []
