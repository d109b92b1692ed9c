"""Spark sessions of the tests of stream and features, in their own process, with the jars that SPARK_HOME has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def require_jars(*patterns: str) -> None:
    """Skip the tests where Spark lacks a jar."""
    pyspark = pytest.importorskip("pyspark")
    home = Path(os.environ.get("SPARK_HOME", Path(pyspark.__file__).parent))
    for pattern in patterns:
        if not list((home / "jars").glob(pattern)):
            pytest.skip(f"{home} lacks {pattern}")


def local_settings(folders: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a session on two cores of this machine."""
    return {
        "spark.master": "local[2]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(folders.mktemp("spark")),
        "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
        "spark.kryo.registrator": "org.apache.spark.HoodieSparkKryoRegistrar",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folders.mktemp("warehouse")),
        "spark.ui.enabled": "false",
    }


def local_session(name: str, settings: Mapping[str, str]) -> Iterator[SparkSession]:
    """A session for as long as its tests take."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName(name)
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()
