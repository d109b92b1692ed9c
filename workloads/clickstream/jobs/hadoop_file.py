"""Small text files through Hadoop's file systems, so that they may lie in any target's buckets."""

from __future__ import annotations

from pyspark.sql import SparkSession

from jobs.jvm import jvm, located


def read_text(spark: SparkSession, file: str) -> str | None:
    """Read a file as UTF-8; `None` if there is none."""
    path, system = located(spark, file)
    if not system.exists(path):
        return None
    stream = system.open(path)
    try:
        return str(jvm(spark).org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
    finally:
        stream.close()


def write_text(spark: SparkSession, file: str, text: str) -> None:
    """Write a file, in place of the one that is there."""
    path, system = located(spark, file)
    stream = system.create(path, True)
    try:
        stream.write(bytearray(text.encode()))
    finally:
        stream.close()


def names(spark: SparkSession, folder: str) -> list[str]:
    """Names of what lies in a folder; none where there is no folder."""
    path, system = located(spark, folder)
    return [each.getPath().getName() for each in system.listStatus(path)] if system.exists(path) else []


def remove(spark: SparkSession, path: str) -> None:
    """Remove a file, or a folder with all that it holds, if it is there."""
    found, system = located(spark, path)
    system.delete(found, True)
