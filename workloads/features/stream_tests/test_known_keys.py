"""Known keys of a table include every key that it has, whoever wrote it, and its writer does not read it for them."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("pyspark")

from pyspark.sql import functions as F

from stream import event_table, known_keys, moved_events
from stream.contract import PARTITION, SQL_TYPES, parse_contract
from stream.known_keys import KnownKeys
from stream_tests.conftest import SPECS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

CONTRACT = parse_contract(json.dumps({**SPECS["contract"], "movesWithinDays": 2}))  # type: ignore[dict-item]
FIRST, SECOND, THIRD = "2026-01-05", "2026-01-06", "2026-01-07"


def hashes(*keys: int) -> known_keys.Hashes:
    """Hashes in order."""
    return np.unique(np.array(keys, dtype=np.int64))


def test_a_key_that_was_written_is_known_whatever_files_it_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_keys, "PART_KEYS", 40)
    draw = random.Random(3)
    known, written = KnownKeys(None), dict[str, set[int]]()
    for _ in range(60):
        batch = {day: hashes(*draw.choices(range(-500, 500), k=draw.randint(0, 30))) for day in (FIRST, SECOND)}
        for day in (FIRST, SECOND):
            has = bool(written.get(day, set()) & set(batch[day].tolist()))
            assert known.days_that_hold(batch[day], [day, THIRD]) == ([day] if has else [])
        known.written(batch, "1")
        for day, some in batch.items():
            written.setdefault(day, set()).update(some.tolist())
    assert max(len(part) for part in known._parts()) < 80
    assert known.unknown([FIRST, THIRD]) == []


def test_keys_of_a_day_that_was_never_asked_for_are_not_taken_for_all_of_it() -> None:
    known = KnownKeys("1")
    known.learn([FIRST, THIRD], iter([(FIRST, hashes(1)), (FIRST, hashes(4))]))
    known.written({FIRST: hashes(2), SECOND: hashes(3)}, "2")
    assert known.unknown([FIRST, SECOND, THIRD]) == [SECOND]
    for key in (1, 2, 4):
        assert known.days_that_hold(hashes(key), [FIRST, THIRD]) == [FIRST]
    assert known.days_that_hold(hashes(3), [FIRST, THIRD]) == []


def test_the_oldest_day_is_asked_for_again_when_there_are_too_many_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_keys, "MOST_KEYS", 10)
    known = KnownKeys(None)
    known.written({FIRST: hashes(*range(6))}, "1")
    assert known.unknown([FIRST, SECOND, THIRD]) == []
    known.written({SECOND: hashes(*range(6))}, "2")
    assert known.unknown([FIRST, SECOND, THIRD]) == [FIRST, THIRD]


class Table:
    """An events table of a test's own."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.folder = folder / CONTRACT.name
        self.path = f"file:{self.folder}"
        self.sent = 0

    def rows(self, days: Mapping[str, str]) -> DataFrame:
        """Rows by key, each under a day; of two of a key the one that was made later is the newer one."""
        self.sent += 1
        received = datetime(2026, 1, 8, 0, self.sent, tzinfo=UTC)
        rows = [
            (key, 1, "s", "view", datetime.fromisoformat(f"{day}T12:00:00+00:00"), "web", "direct", "c", "new")
            for key, day in days.items()
        ]
        names = [field.name for field in CONTRACT.fields]
        kinds = ", ".join(f"{field.name} {SQL_TYPES[field.type]}" for field in CONTRACT.fields)
        frame = self.spark.createDataFrame(rows, kinds).select(*names)
        at = F.lit(received)
        day = F.date_format("timestamp", "yyyy-MM-dd")
        return frame.withColumn("kafka_time", at).withColumn(PARTITION, day)

    def upsert(self, days: Mapping[str, str]) -> None:
        """A batch of the stream."""
        event_table.upsert(self.rows(days), self.path, CONTRACT, {})

    def days(self) -> dict[str, list[str]]:
        """Days that each key stands under."""
        found: dict[str, list[str]] = {}
        for row in self.spark.read.format("hudi").load(self.path).collect():
            found.setdefault(row["event_id"], []).append(row[PARTITION])
        return found

    def hide(self, day: str) -> None:
        """Leave nothing of a day that can be read."""
        files = [file for file in (self.folder / f"{PARTITION}={day}").iterdir() if not file.name.startswith(".hoodie")]
        assert files
        for file in files:
            file.write_bytes(b"")


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> Table:
    """A table that is not there yet."""
    return Table(spark, tmp_path)


def test_a_writer_finds_a_key_under_another_day_and_reads_no_day_that_has_none(table: Table) -> None:
    table.upsert({"a": FIRST, "b": FIRST, "c": SECOND})
    table.upsert({"a": SECOND, "d": FIRST})
    assert table.days() == {"a": [SECOND], "b": [FIRST], "c": [SECOND], "d": [FIRST]}
    table.hide(FIRST)
    table.upsert({"e": SECOND, "f": THIRD})
    # Keys that were deleted from a day stay known, so that the index looks for them there once more.
    with pytest.raises(Exception, match=r"(?s).+"):
        table.upsert({"b": SECOND})


@pytest.mark.parametrize("part", [known_keys._PART_BYTES, 10_000], ids=["at once", "in parts"])
def test_a_writer_that_begins_on_a_table_asks_it_for_the_days_around(
    table: Table, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_keys, "_PART_BYTES", part)
    table.upsert({"a": FIRST, "b": FIRST})
    known_keys.forget(table.path)
    table.upsert({"a": SECOND, "c": SECOND})
    table.upsert({"b": THIRD, "c": FIRST})
    assert table.days() == {"a": [SECOND], "b": [THIRD], "c": [FIRST]}


def test_what_another_process_wrote_in_between_is_found(table: Table) -> None:
    table.upsert({"a": FIRST})
    options = {"hoodie.table.name": CONTRACT.name, "hoodie.datasource.write.operation": "upsert", **CONTRACT.hudi}
    table.rows({"b": FIRST}).write.format("hudi").options(**options).mode("append").save(table.path)
    table.upsert({"b": SECOND, "a": SECOND})
    assert table.days() == {"a": [SECOND], "b": [SECOND]}


def test_a_write_that_failed_leaves_nothing_for_known(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    table.upsert({"a": FIRST})
    written = KnownKeys.written

    def late(*_: object) -> None:
        # Its commit is there, as after a failure of whatever follows it.
        raise OSError("no answer")

    monkeypatch.setattr(KnownKeys, "written", late)
    with pytest.raises(OSError, match="no answer"):
        table.upsert({"b": FIRST})
    monkeypatch.setattr(KnownKeys, "written", written)
    table.upsert({"b": SECOND})
    assert table.days() == {"a": [FIRST], "b": [SECOND]}


def test_days_with_more_than_can_be_kept_are_looked_into_in_the_table(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.upsert({"a": FIRST, "b": FIRST})
    known_keys.forget(table.path)
    monkeypatch.setattr(moved_events, "MOST_BYTES", 10)
    for _ in range(2):
        table.upsert({"a": SECOND, "c": SECOND})
    assert table.days() == {"a": [SECOND], "b": [FIRST], "c": [SECOND]}
    assert known_keys.of_table(table.spark, table.path).unknown([FIRST]) == [FIRST]
