"""What the checkpoint of a stream says of how far it has come."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pyspark.sql import SparkSession

from jobs.jvm import jvm, located

Offsets = Mapping[str, Mapping[str, int]]
"""By topic and partition."""


def consumed(spark: SparkSession, checkpoint: str) -> int:
    """How many records of the topic have been taken, by this run and all before it.

    Counted by offsets, so that neither a killed run nor a batch that ran twice is counted wrongly. A topic that is
    compacted, or written to in transactions, has offsets without records.
    """
    batches = _batches(spark, f"{checkpoint}/offsets")
    if not batches:
        return 0
    first = _offsets(spark, f"{checkpoint}/sources/0/0")
    last = _offsets(spark, f"{checkpoint}/offsets/{max(batches)}")
    return sum(
        offset - first.get(topic, {}).get(partition, 0)
        for topic, partitions in last.items()
        for partition, offset in partitions.items()
    )


def _batches(spark: SparkSession, folder: str) -> list[int]:
    path, system = located(spark, folder)
    return [int(name) for each in system.listStatus(path) if (name := each.getPath().getName()).isdigit()]


# A version stands before the JSON, in `offsets` settings of the batch too: the last line is the source's own.
def _offsets(spark: SparkSession, file: str) -> Offsets:
    path, system = located(spark, file)
    stream = system.open(path)
    try:
        text = jvm(spark).org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
    finally:
        stream.close()
    offsets: Offsets = json.loads(text.strip().splitlines()[-1])
    return offsets
