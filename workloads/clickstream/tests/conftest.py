"""One Spark session for all tests, with the jars of the image, and events made by hand."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from jobs import events
from jobs.sessions import sessions

HEADER = list(events.COLUMNS.values())


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A local session that reads and writes Hudi tables."""
    warehouse = tmp_path_factory.mktemp("warehouse")
    settings = {
        # In front of PySpark's own, as the image has them in place of its own.
        "spark.driver.extraClassPath": f"{os.environ['MLSTACK_SPARK_JARS']}/*",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -Djol.skipHotspotSAAttach=true",
        "spark.driver.memory": "1g",
        "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
        "spark.kryo.registrator": "org.apache.spark.HoodieSparkKryoRegistrar",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(warehouse),
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master("local[2]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def event(session: str, name: str, time: str, **fields: str) -> dict[str, str]:
    """One row of the input; `time` is a time of day on 2024-05-01, or a whole timestamp."""
    row = {
        "session_id": session,
        "user_id": f"user of {session}",
        "event": name,
        "timestamp": f"2024-05-01 {time}" if len(time) == 8 else time,
        "platform": "mobile",
        "acquisition_channel": "email",
        "user_cohort": "2024-04",
        "user_lifecycle": "new",
    }
    return {**row, **fields}


def write_csv(path: Path, rows: Sequence[dict[str, str]], header: Sequence[str] = HEADER) -> str:
    """A CSV file of the rows."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def parse(spark: SparkSession, path: str) -> DataFrame:
    """The events of a file, parsed with the default columns."""
    return events.parse(events.read(spark, path, None, events.COLUMNS))


def features_of(spark: SparkSession, path: str) -> dict[str, Row]:
    """The sessions of a file by id."""
    return {row["session_id"]: row for row in sessions(events.accepted(parse(spark, path))).collect()}
