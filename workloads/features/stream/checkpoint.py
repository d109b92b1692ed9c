"""Offsets in the checkpoint of a stream, and the topic that it belongs to."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pyspark.sql import SparkSession

from jobs import hadoop_file

Offsets = Mapping[str, Mapping[str, int]]
"""By topic and partition."""

_TOPIC = "topic-id"


def place(spark: SparkSession, root: str, topic_id: str) -> str:
    """The checkpoint for a topic of this id: a topic that was recreated under its name begins at its first offset.

    The first topic's, and one from before ids were kept, is `root` itself.
    """
    owner = hadoop_file.read_text(spark, f"{root}/{_TOPIC}")
    if owner is None:
        hadoop_file.write_text(spark, f"{root}/{_TOPIC}", topic_id)
        return root
    return root if owner == topic_id else f"{root}/topics/{topic_id}"


def places(spark: SparkSession, root: str) -> list[str]:
    """The checkpoints of all topics that a table was filled from."""
    return [root, *(f"{root}/topics/{name}" for name in hadoop_file.names(spark, f"{root}/topics"))]


def consumed(spark: SparkSession, checkpoint: str) -> int:
    """How many offsets of the topic have been taken, by this run and all before it.

    A topic that is compacted, or written to in transactions, has offsets without records.
    """
    batches = _batches(spark, f"{checkpoint}/offsets")
    return consumed_before(spark, checkpoint, max(batches) + 1) if batches else 0


def consumed_before(spark: SparkSession, checkpoint: str, batch: int) -> int:
    """How many offsets were taken by the batches before one."""
    first = _offsets(spark, f"{checkpoint}/sources/0/0")
    last = _offsets(spark, f"{checkpoint}/offsets/{batch - 1}")
    return sum(
        offset - first.get(topic, {}).get(partition, 0)
        for topic, partitions in last.items()
        for partition, offset in partitions.items()
    )


def reached(spark: SparkSession, checkpoint: str) -> Offsets | None:
    """The offsets from which the next batch reads, a batch that is planned and not committed included."""
    if not _batches(spark, f"{checkpoint}/offsets"):
        return None
    done = _batches(spark, f"{checkpoint}/commits")
    return _offsets(spark, f"{checkpoint}/offsets/{max(done)}" if done else f"{checkpoint}/sources/0/0")


def _batches(spark: SparkSession, folder: str) -> list[int]:
    return [int(name) for name in hadoop_file.names(spark, folder) if name.isdigit()]


# A version stands before the JSON, in `offsets` settings of the batch too: the last line is the source's own.
def _offsets(spark: SparkSession, file: str) -> Offsets:
    text = hadoop_file.read_text(spark, file)
    offsets: Offsets = json.loads((text or "").strip().splitlines()[-1])
    return offsets
