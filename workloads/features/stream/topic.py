"""Metadata of a topic from its brokers: its id, and the first offsets that still exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from jobs.errors import JobError
from jobs.jvm import jvm
from jobs.outcome import reason_of
from stream.checkpoint import Offsets


@dataclass(frozen=True)
class Topic:
    """A topic as it stands."""

    name: str
    id: str
    earliest: Mapping[str, int]
    """By partition."""


def describe(spark: SparkSession, servers: str, name: str, settings: Mapping[str, str]) -> Topic:
    """Ask the brokers, with the settings of Spark's source.

    @raises JobError where they do not answer, or have no such topic
    """
    classes = jvm(spark)
    properties = classes.java.util.Properties()
    properties.setProperty("bootstrap.servers", servers)
    for key, value in settings.items():
        properties.setProperty(key.removeprefix("kafka."), value)
    admin = classes.org.apache.kafka.clients.admin.AdminClient.create(properties)
    try:
        found = admin.describeTopics(classes.java.util.Collections.singletonList(name)).allTopicNames().get().get(name)
        specs = classes.java.util.HashMap()
        for partition in found.partitions():
            specs.put(
                classes.org.apache.kafka.common.TopicPartition(name, partition.partition()),
                classes.org.apache.kafka.clients.admin.OffsetSpec.earliest(),
            )
        offsets = admin.listOffsets(specs).all().get()
        earliest = {str(each.getKey().partition()): int(each.getValue().offset()) for each in offsets.entrySet()}
        return Topic(name, str(found.topicId().toString()), earliest)
    except Py4JJavaError as error:
        raise JobError(
            f"topic {name} at {servers}: {reason_of(error)}; declare it under the stack's kafka.topics"
        ) from error
    finally:
        admin.close()


def lost(topic: Topic, reached: Offsets | None) -> dict[str, tuple[int, int]]:
    """Lost records: by partition, the first lost offset and the first that still exists."""
    if reached is None:
        return {}
    return {
        partition: (offset, topic.earliest[partition])
        for partition, offset in sorted(reached.get(topic.name, {}).items(), key=lambda item: int(item[0]))
        if topic.earliest.get(partition, offset) > offset
    }
