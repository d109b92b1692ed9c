"""A topic of records of every kind of damage: each is a row, a dead letter or a duplicate."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import pytest

pytest.importorskip("confluent_kafka")
hudi = pytest.importorskip("hudi")

import pyarrow as pa
import pyarrow.dataset as ds
from confluent_kafka import Message, Producer

from stream_tests.conftest import SPECS, Broker, Jobs
from stream_tests.hostile import Hostile, hostile_records

COUNT, SEED = int(os.environ.get("MLSTACK_FUZZED_RECORDS", "5000")), 13
PARTITIONS = 4


def send(servers: str, topic: str, records: list[Hostile], *, committed: bool) -> dict[tuple[int, int], Hostile]:
    """Send records in one transaction. @returns them by partition and offset."""
    places: dict[tuple[int, int], Hostile] = {}
    producer = Producer(
        {
            "bootstrap.servers": servers,
            "transactional.id": "hostile",
            "message.max.bytes": 4_000_000,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    producer.init_transactions()
    producer.begin_transaction()
    for number, record in enumerate(records):

        def delivered(error: object, message: Message, record: Hostile = record) -> None:
            assert error is None, error
            places[(message.partition(), message.offset())] = record

        while True:
            try:
                producer.produce(
                    topic, record.value, str(number % 97).encode(), partition=number % PARTITIONS, on_delivery=delivered
                )
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    producer.flush()
    if committed:
        producer.commit_transaction()
    else:
        producer.abort_transaction()
    assert len(places) == len(records)
    return places


def key_of(value: bytes) -> str:
    """The event's id, as the table has it."""
    found: Any = json.loads(value)["event_id"]
    return found if isinstance(found, str) else json.dumps(found, separators=(",", ":"))


def test_every_record_is_accounted_for(broker: Broker, jobs: Jobs) -> None:
    broker.topic("fuzzed", PARTITIONS)
    records = list(hostile_records(COUNT, SEED))
    half = COUNT // 2
    places = send(broker.servers, "fuzzed", records[:half], committed=True)
    # Records of an aborted transaction do not count as sent.
    taken_back = [Hostile("taken back", b'{"event_id":"taken-back-%d"}' % number) for number in range(100)]
    send(broker.servers, "fuzzed", taken_back, committed=False)
    places |= send(broker.servers, "fuzzed", records[half:], committed=True)

    contract = {**SPECS["contract"], "additional": "keep"}  # type: ignore[dict-item]
    result = jobs.run("--topic=fuzzed", f"--batch={COUNT // 2}", contract=contract)

    rejected = ds.dataset(jobs.folder / "raw/rejected/clickstream_events/letters", partitioning="hive").to_table()
    dead = dict(
        zip(
            zip(rejected["partition"].to_pylist(), rejected["offset"].to_pylist(), strict=True),
            rejected["reason"].to_pylist(),
            strict=True,
        )
    )
    assert len(dead) == rejected.num_rows
    assert dead.keys() <= places.keys()
    assert all(dead.values())
    # No rule of ours has left anything to the table to refuse.
    assert [reason for reason in dead.values() if "refused by the table" in reason] == []
    wrong = Counter(
        (record.kind, dead.get(place), record.value[:200] if record.value else None)
        for place, record in places.items()
        if record.accepted is not None and record.accepted == (place in dead)
    )
    assert wrong.most_common(5) == []

    reader = hudi.HudiTableBuilder.from_base_uri(jobs.table.replace("file:", "file://")).build()
    keys = pa.Table.from_batches(reader.read())["event_id"].to_pylist()
    assert len(keys) == len(set(keys))
    accepted = [record for place, record in places.items() if place not in dead]
    assert set(keys) == {key_of(record.value) for record in accepted if record.value is not None}
    told = result["metrics"]
    assert (told["records"], told["rejected"], result["rows"]) == (COUNT, len(dead), len(keys))
    assert told["duplicates"] == len(accepted) - len(keys)
