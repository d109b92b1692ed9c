"""Topics that change: recreated under their name, or truncated before they were read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from jobs.errors import JobError, NoRestartError
from stream.ingest import arguments, ingest
from stream_tests.conftest import SPECS, TIMEOUT, Broker

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Topic:
    """A topic of one partition, and an ingestion of it."""

    def __init__(self, name: str, broker: Broker, spark: SparkSession, folder: Path) -> None:
        self.name, self.broker, self.spark, self.folder = name, broker, spark, folder
        self.admin = AdminClient({"bootstrap.servers": broker.servers})
        broker.topic(name, 1)

    def send(self, first: int, count: int) -> None:
        """Send so many events, of which every tenth is broken."""
        producer = Producer({"bootstrap.servers": self.broker.servers})
        for number in range(first, first + count):
            event = {"event_id": f"e{number}", "user_id": 1, "session_id": "s", "event": "home"}
            time = {} if number % 10 == 9 else {"timestamp": "2026-01-01T10:00:00Z"}
            producer.produce(self.name, json.dumps({**event, **time}))
        assert producer.flush(60) == 0

    def ingest(self, *more: str) -> dict[str, Any]:
        """Read until caught up."""
        options = [f"--feature-store=file:{self.folder}/features", f"--raw=file:{self.folder}/raw", *more]
        contract, source = f"--contract={json.dumps(SPECS['contract'])}", f"--topic={self.name}"
        return ingest(self.spark, arguments([contract, source, f"--servers={self.broker.servers}", *options]))

    def make_anew(self) -> None:
        """Delete it, and make another under its name."""
        self.admin.delete_topics([self.name])[self.name].result(TIMEOUT)
        self.broker.topic(self.name, 1)

    def empty(self, before: int) -> None:
        """Remove the records before an offset, as retention does."""
        (done,) = self.admin.delete_records([TopicPartition(self.name, 0, before)]).values()
        done.result(TIMEOUT)


def told(result: dict[str, Any]) -> dict[str, int]:
    """Counts of the records by outcome."""
    return {"rows": result["rows"], **{name: result["metrics"][name] for name in ("records", "rejected", "duplicates")}}


def test_a_topic_made_anew_is_read_from_its_beginning(broker: Broker, spark: SparkSession, tmp_path: Path) -> None:
    topic = Topic("anew", broker, spark, tmp_path)
    topic.send(0, 20)
    assert told(topic.ingest()) == {"rows": 18, "records": 20, "rejected": 2, "duplicates": 0}
    topic.make_anew()
    # Five of the old events again, and as many records as before and more: the same offsets, other records.
    topic.send(15, 30)
    assert told(topic.ingest()) == {"rows": 41, "records": 50, "rejected": 5, "duplicates": 4}
    assert topic.ingest()["metrics"]["read"] == 0


def test_records_that_are_gone_end_the_run_once(broker: Broker, spark: SparkSession, tmp_path: Path) -> None:
    topic = Topic("emptied", broker, spark, tmp_path)
    topic.send(0, 10)
    topic.ingest()
    topic.send(10, 20)
    topic.empty(before=25)
    gone = (
        r"topic emptied: 15 records were removed before they were read \(partition 0 offsets 10 to 24\).*ingest\.onLoss"
    )
    with pytest.raises(JobError, match=gone) as failed:
        topic.ingest()
    assert failed.value.exit_code == 1
    # The operator would start a job that runs on for ever again.
    with pytest.raises(NoRestartError, match=gone) as ended:
        topic.ingest("--every=1")
    assert ended.value.exit_code == 0
    result = topic.ingest("--on-loss=continue")
    assert result["metrics"]["lost"] == 15
    assert told(result) == {"rows": 13, "records": 15, "rejected": 2, "duplicates": 0}


def test_a_topic_that_is_not_there_is_named(broker: Broker, spark: SparkSession, tmp_path: Path) -> None:
    topic = Topic("there", broker, spark, tmp_path)
    topic.name = "absent"
    with pytest.raises(JobError, match=r"topic absent at 127\.0\.0\.1.*kafka\.topics"):
        topic.ingest()
