"""Batches into a table: the same batch again, corrections, columns that are new, dead letters taken up again."""

from __future__ import annotations

import argparse
import copy
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyspark")

from jobs.errors import JobError
from jobs.table_layout import has_commits
from stream import dead_letters, event_table
from stream.contract import parse_contract
from stream.ingest import Ingest, replay
from stream.ledger import Ledger, discrepancies
from stream.metrics import StreamMetrics, lag
from stream_tests.conftest import SPECS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

SCHEMA = "topic string, partition int, offset long, kafka_time timestamp, key string, value string"


def event(number: int, **fields: object) -> dict[str, Any]:
    """A click."""
    event_id, session = f"e{number}", f"s{number % 3}"
    made = {
        "event_id": event_id,
        "user_id": number % 5,
        "session_id": session,
        "event": "catalog",
    }
    return {**made, "timestamp": f"2026-01-0{number % 3 + 1}T10:00:00Z", **fields}


def records(spark: SparkSession, first: int, values: list[dict[str, Any]], minute: int = 0) -> DataFrame:
    """Events as they come from a topic, from an offset on."""
    time = datetime(2026, 1, 10, 12, minute)
    rows = [("t", 0, first + at, time, "k", json.dumps(value)) for at, value in enumerate(values)]
    return spark.createDataFrame(rows, SCHEMA)


class Stream:
    """An ingestion into a folder."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.folder = folder
        self.declared: dict[str, Any] = copy.deepcopy(dict(SPECS["contract"]))
        self.table = f"file:{folder}/feature-store/clickstream_events"

    def batch(self, number: int, records: DataFrame) -> None:
        """Take a batch with the contract as it stands now; every record is accounted for."""
        ledger = self.batch_alone(number, records)
        found = {"rows": len(self.rows()), "dead_letters": len(self.dead_letters()), "replayed": 0}
        assert list(discrepancies(ledger.sums(), **found)) == []

    def batch_alone(self, number: int, records: DataFrame) -> Ledger:
        """Take a batch, and count nothing."""
        contract = event_table.of_table(self.spark, self.table, parse_contract(json.dumps(self.declared)))
        event_table.require_compatible(event_table.schema_of(self.spark, self.table), contract, self.table)
        rejected = f"file:{self.folder}/raw/rejected/clickstream_events"
        ledger = Ledger(self.spark, f"file:{self.folder}/raw/checkpoints/clickstream_events")
        metrics = StreamMetrics(contract.name)
        Ingest(self.spark, contract, self.table, rejected, metrics, ledger, pause=0).batch(records, number)
        return ledger

    def replay(self) -> dict[str, Any]:
        """Take up the dead letters again."""
        options = argparse.Namespace(
            contract=json.dumps(self.declared),
            feature_store=f"file:{self.folder}/feature-store",
            raw=f"file:{self.folder}/raw",
        )
        return dict(replay(self.spark, options))

    def rows(self) -> dict[str, Row]:
        """The table by event."""
        if not has_commits(self.spark, self.table):
            return {}
        rows = self.spark.read.format("hudi").load(self.table).collect()
        assert len({row["event_id"] for row in rows}) == len(rows)
        return {row["event_id"]: row for row in rows}

    def dead_letters(self) -> list[Row]:
        """The dead letters, by their offsets."""
        found = dead_letters.read(self.spark, f"file:{self.folder}/raw/rejected/clickstream_events")
        return [] if found is None else found.orderBy("offset").collect()


@pytest.fixture
def stream(spark: SparkSession, tmp_path: Path) -> Stream:
    return Stream(spark, tmp_path)


def test_a_batch_that_runs_again_changes_nothing(spark: SparkSession, stream: Stream) -> None:
    batch = records(
        spark,
        0,
        [*(event(number) for number in range(10)), event(3), {"event_id": "broken"}],
    )
    stream.batch(0, batch)
    once = {key: row["user_id"] for key, row in stream.rows().items()}
    stream.batch(0, batch)
    assert {key: row["user_id"] for key, row in stream.rows().items()} == once
    assert len(once) == 10
    assert [row["offset"] for row in stream.dead_letters()] == [11]


def test_the_later_of_two_records_of_a_key_stays(spark: SparkSession, stream: Stream) -> None:
    stream.batch(
        0,
        records(spark, 0, [event(1, platform="web"), event(1, platform="ios")], minute=5),
    )
    assert stream.rows()["e1"]["platform"] == "ios"
    stream.batch(1, records(spark, 2, [event(1, platform="old")], minute=1))
    assert stream.rows()["e1"]["platform"] == "ios"
    stream.batch(2, records(spark, 3, [event(1, platform="new")], minute=9))
    assert stream.rows()["e1"]["platform"] == "new"


def test_a_correction_moves_an_event_to_another_day(spark: SparkSession, stream: Stream) -> None:
    late, early = "2026-01-05T23:59:59Z", "2026-01-06T00:00:01Z"
    stream.batch(0, records(spark, 0, [event(1, timestamp=late), event(2, timestamp=late)], minute=5))
    stream.batch(1, records(spark, 2, [event(1, timestamp=early, platform="new")], minute=6))
    rows = stream.rows()
    assert {key: str(row["event_date"]) for key, row in rows.items()} == {"e1": "2026-01-06", "e2": "2026-01-05"}
    # An older version of it, delivered late, moves nothing back.
    stream.batch(2, records(spark, 3, [event(1, timestamp=late, platform="old"), event(3, timestamp=late)], minute=4))
    rows = stream.rows()
    assert (rows["e1"]["platform"], str(rows["e1"]["event_date"])) == ("new", "2026-01-06")
    assert rows.keys() == {"e1", "e2", "e3"}
    # And back again, over the row that was deleted there.
    stream.batch(3, records(spark, 5, [event(1, timestamp=late, platform="again")], minute=7))
    assert {key: str(row["event_date"]) for key, row in stream.rows().items()} == dict.fromkeys(rows, "2026-01-05")
    pa = pytest.importorskip("pyarrow")
    hudi = pytest.importorskip("hudi")
    reader = hudi.HudiTableBuilder.from_base_uri(stream.table.replace("file:", "file://")).build()
    assert sorted(pa.Table.from_batches(reader.read())["event_id"].to_pylist()) == ["e1", "e2", "e3"]


def test_the_same_key_on_two_days_of_one_batch_is_one_row(spark: SparkSession, stream: Stream) -> None:
    twice = [event(1, timestamp="2026-01-05T23:59:59Z"), event(1, timestamp="2026-01-06T00:00:01Z")]
    stream.batch(0, records(spark, 0, twice))
    assert [str(row["event_date"]) for row in stream.rows().values()] == ["2026-01-06"]


def test_another_number_of_buckets_is_refused_before_anything_is_written(spark: SparkSession, stream: Stream) -> None:
    stream.batch(0, records(spark, 0, [event(number) for number in range(30)]))
    stream.declared["hudi"]["hoodie.bucket.index.num.buckets"] = "4"
    with pytest.raises(JobError, match=r"made with buckets 2 and is declared with 4, .* name the contract"):
        stream.batch(1, records(spark, 30, [event(number) for number in range(30)]))
    assert len(stream.rows()) == 30


def test_a_new_optional_field_flows_through(spark: SparkSession, stream: Stream) -> None:
    stream.batch(0, records(spark, 0, [event(1), event(2)]))
    stream.declared["version"] = 2
    stream.declared["fields"]["price"] = {"type": "double", "min": 0}
    stream.batch(
        1,
        records(spark, 2, [event(3, price=1.5), event(4), event(1, price=2.5)], minute=5),
    )
    assert {key: row["price"] for key, row in stream.rows().items()} == {
        "e1": 2.5,
        "e2": None,
        "e3": 1.5,
        "e4": None,
    }


def test_records_of_an_older_producer_keep_the_new_column(spark: SparkSession, stream: Stream) -> None:
    stream.declared["additional"] = "keep"
    stream.batch(0, records(spark, 0, [event(1, colour="red"), event(2)]))
    stream.batch(1, records(spark, 2, [event(3), event(4, size=7)], minute=5))
    rows = stream.rows()
    assert {key: row["colour"] for key, row in rows.items()} == {
        "e1": "red",
        "e2": None,
        "e3": None,
        "e4": None,
    }
    assert rows["e4"]["size"] == "7"


def test_an_incompatible_field_stops_its_record_and_not_the_job(spark: SparkSession, stream: Stream) -> None:
    stream.batch(0, records(spark, 0, [event(1), event(2, user_id={"nested": 1}), event(3)]))
    assert stream.rows().keys() == {"e1", "e3"}
    (letter,) = stream.dead_letters()
    assert (
        letter["reason"],
        letter["topic"],
        letter["partition"],
        letter["offset"],
    ) == (
        "user_id: not a long",
        "t",
        0,
        1,
    )


def test_an_incompatible_declaration_stops_the_job_before_it_writes(spark: SparkSession, stream: Stream) -> None:
    stream.batch(0, records(spark, 0, [event(1)]))
    stream.declared["fields"]["user_id"] = {"type": "string", "required": True}
    with pytest.raises(JobError, match="the column user_id is bigint and the contract says string"):
        stream.batch(1, records(spark, 1, [event(2)]))


def test_dead_letters_are_taken_up_after_a_fix(spark: SparkSession, stream: Stream) -> None:
    stream.batch(
        0,
        records(spark, 0, [event(1), event(2, event="Add To Cart"), event(3, user_id="x")]),
    )
    assert len(stream.dead_letters()) == 2
    stream.declared["version"] = 2
    del stream.declared["fields"]["event"]["pattern"]
    assert stream.replay()["metrics"] == {"accepted": 1, "rejected": 1}
    assert stream.rows().keys() == {"e1", "e2"}
    assert [letter["offset"] for letter in stream.dead_letters()] == [2]
    assert stream.replay()["metrics"] == {"accepted": 0, "rejected": 1}


def test_a_batch_is_measured_by_reason_once_it_is_committed(spark: SparkSession, stream: Stream) -> None:
    contract = parse_contract(json.dumps(stream.declared))
    metrics = StreamMetrics(contract.name)
    raw = f"file:{stream.folder}/raw"
    ledger = Ledger(spark, f"{raw}/checkpoints/clickstream_events")
    work = Ingest(spark, contract, stream.table, f"{raw}/rejected/clickstream_events", metrics, ledger)
    work.batch(records(spark, 0, [event(1), event(2), event(3, user_id="x"), event(4, user_id="x", event=None)]), 0)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"mlstack_stream_{name}", {"stream": contract.name, **labels})

    assert [value("records_total"), value("rows_total"), value("commits_total")] == [4, 2, 1]
    # One of them has a second reason; each record counts once.
    assert value("rejected_total", reason="user_id: not a long") == 2
    age = value("lag_seconds")
    assert age is not None and abs(datetime(2026, 1, 10, 12).timestamp() + age - datetime.now().timestamp()) < 3600


def test_a_record_that_the_table_refuses_becomes_a_dead_letter(spark: SparkSession, stream: Stream) -> None:
    # No rule of ours: of a key of one column, Hudi itself takes no empty one, and fails the batch.
    stream.declared["fields"]["event_id"] = {"type": "string"}
    stream.declared["hudi"]["hoodie.datasource.write.recordkey.field"] = "event_id"
    for number, values in enumerate(
        (
            [event(7, event_id="")],
            [*(event(at) for at in range(5)), event(7, event_id=""), *(event(at) for at in range(5, 9))],
        )
    ):
        stream.batch(number, records(spark, number, values))
    assert stream.rows().keys() == {f"e{number}" for number in range(9)}
    letters = stream.dead_letters()
    assert [letter["offset"] for letter in letters] == [0, 6]
    assert all(letter["reason"].startswith("refused by the table: ") for letter in letters)
    assert {json.loads(letter["value"])["event_id"] for letter in letters} == {""}


def test_deletions_of_a_change_stream_are_deleted(spark: SparkSession, stream: Stream) -> None:
    stream.declared["fields"]["op"] = {"type": "string", "required": True, "oneOf": ["insert", "update", "delete"]}
    stream.declared["deletes"] = {"field": "op", "in": ["delete"]}
    inserted = [event(number, op="insert") for number in range(4)]
    stream.batch(0, records(spark, 0, inserted))
    gone = {"event_id": "e1", "timestamp": event(1)["timestamp"], "op": "delete"}
    changes = [event(0, op="update", platform="ios"), gone, event(9, op="insert"), {**event(9), "op": "delete"}]
    stream.batch(1, records(spark, 4, [*changes, {**gone, "timestamp": None}], minute=5))
    rows = stream.rows()
    assert rows.keys() == {"e0", "e2", "e3"}
    assert rows["e0"]["platform"] == "ios"
    assert [letter["reason"] for letter in stream.dead_letters()] == ["timestamp: missing"]
    # A record that arrives late is older than the deletion.
    stream.batch(2, records(spark, 9, [event(1, op="update")], minute=1))
    stream.batch(3, records(spark, 10, [event(2, op="delete")], minute=9))
    assert stream.rows().keys() == {"e0", "e3"}


KEYS = (
    "plain",
    "a:b",
    "a,b",
    "urn:x:1,urn:y:2",
    "2026-01-05T10:00:00,7",
    ",:",
    "event_id:1,event_date:2026-01-05",
    "a,event_date:b",
    "x:,y",
    "__null__",
    "größe 漢",
    "x" * 5000,
    "a/../b",
)


def test_keys_of_any_text_are_rows(spark: SparkSession, stream: Stream) -> None:
    # Under other days as well: a row is found by its day.
    days = [event(at, event_id=key, timestamp=f"2026-01-0{at % 2 + 1}T10:00:00Z") for at, key in enumerate(KEYS)]
    stream.batch(0, records(spark, 0, days))
    assert stream.rows().keys() == set(KEYS)
    assert stream.dead_letters() == []
    stream.batch(1, records(spark, len(days), [{**each, "platform": "ios"} for each in days], minute=5))
    assert {row["platform"] for row in stream.rows().values()} == {"ios"}
    # One day on, which takes the earlier row away.
    moved = [{**each, "timestamp": f"2026-01-0{at % 2 + 2}T10:00:00Z"} for at, each in enumerate(days)]
    stream.batch(2, records(spark, 2 * len(days), moved, minute=6))
    assert {key: row["event_date"] for key, row in stream.rows().items()} == {
        each["event_id"]: each["timestamp"][:10] for each in moved
    }


def test_a_table_of_before_keeps_its_key(spark: SparkSession, stream: Stream) -> None:
    now = stream.declared["hudi"]
    stream.declared["hudi"] = {**now, "hoodie.datasource.write.recordkey.field": "event_id"}
    stream.batch(0, records(spark, 0, [event(1)]))
    stream.declared["hudi"] = now
    stream.batch(1, records(spark, 1, [event(1, platform="ios"), *(event(2, event_id=key) for key in KEYS)], minute=5))
    rows = stream.rows()
    assert rows["e1"]["platform"] == "ios"
    dead = {json.loads(letter["value"])["event_id"]: letter["reason"] for letter in stream.dead_letters()}
    assert rows.keys() == {"e1", *KEYS} - dead.keys()
    assert dead == {key: "event_id: holds both , and :" for key in KEYS if "," in key and ":" in key}


def test_fields_of_any_name_and_case(spark: SparkSession, stream: Stream) -> None:
    stream.declared["additional"] = "keep"
    named = [
        {"Colour": "red"},
        {"colour": "blue"},
        {"größe": 1},
        {"USER_ID": 7},
        {"_hoodie_is_deleted": True},
        {"a b": 1},
    ]
    stream.batch(0, records(spark, 0, [event(at, **fields) for at, fields in enumerate(named)]))
    assert {key: row["colour"] for key, row in stream.rows().items()} == {"e0": "red", "e1": "blue"}
    assert [letter["offset"] for letter in stream.dead_letters()] == [2, 3, 4, 5]


def test_a_field_that_is_no_longer_declared_stops_nothing(spark: SparkSession, stream: Stream) -> None:
    stream.declared |= {"additional": "keep"}
    stream.declared["fields"]["price"] = {"type": "double"}
    stream.batch(0, records(spark, 0, [event(1, price=1.5)]))
    del stream.declared["fields"]["price"]
    stream.batch(1, records(spark, 1, [event(2, price="much")]))
    assert {key: row["price"] for key, row in stream.rows().items()} == {"e1": 1.5, "e2": None}


def test_what_does_not_add_up_is_told() -> None:
    sums = {"records": 10, "accepted": 7, "rejected": 3}
    assert list(discrepancies(sums, rows=6, dead_letters=3, replayed=0)) == []
    assert list(discrepancies(sums, rows=6, dead_letters=2, replayed=0)) == [
        "3 records were rejected and 2 dead letters are kept"
    ]
    assert list(discrepancies({**sums, "records": 11}, rows=8, dead_letters=3, replayed=0)) == [
        "of 11 records 7 were accepted and 3 rejected",
        "the table has 8 rows of 7 accepted records",
    ]


def test_lag_is_what_lies_between_two_offsets() -> None:
    assert lag({"t": {"0": 3, "1": 5}}, {"t": {"0": 7, "1": 5, "2": 2}}) == 6
    assert lag({"t": {"0": 3}}, None) is None
