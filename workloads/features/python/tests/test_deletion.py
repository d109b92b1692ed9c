"""An entity is deleted: what is left is what a store says that never knew it, in both readers, and in the files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyspark")
pytest.importorskip("hudi")

import pyarrow.parquet as pq  # noqa: E402
from event_store import SESSIONS, SPECS, START, USERS, Store  # noqa: E402
from jobs.errors import JobError  # noqa: E402
from stream import event_table  # noqa: E402
from stream.contract import parse_contract  # noqa: E402

from mlstack_features import VALID_FROM, FeatureStore, FeatureStoreError, job  # noqa: E402
from mlstack_features.arrow import ArrowBackend  # noqa: E402
from mlstack_features.deletion import arguments, run  # noqa: E402
from mlstack_features.deletion_check import rows_left, rows_online  # noqa: E402
from mlstack_features.sink import check, follow  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from mlstack_features.online import OnlineStore

CONTRACT = parse_contract(json.dumps(SPECS["contract"]))
TABLE = CONTRACT.name
FORMER = {**USERS, "name": "user_activity_v2"}
UNTIL = 60
GONE = 71234567
# A session of several users, one of the one alone, and others: id, user, hours after the start, kind, session.
EVENTS = [
    ("gone-1", GONE, 0.5, "catalog", "shared"),
    ("gone-2", GONE, 26.5, "purchase", "shared"),
    ("gone-3", GONE, 30.5, "catalog", "alone"),
    ("kept-1", 2, 1.5, "catalog", "shared"),
    ("kept-2", 2, 27.5, "purchase", "other"),
    ("kept-3", 3, 0.7, "catalog", "third"),
]


class Deletable(Store):
    """A store whose events come as the stream writes them, with its views."""

    def send(self, *made: tuple[str, int, float, str, str]) -> None:
        """Add events."""
        rows = [(key, user, START + timedelta(hours=at), kind, session, START) for key, user, at, kind, session in made]
        schema = (
            "event_id string, user_id long, timestamp timestamp, event string, session_id string, kafka_time timestamp"
        )
        frame = self.spark.createDataFrame(rows, schema)
        frame = frame.selectExpr("*", f"date_format(timestamp, 'yyyy-MM-dd') {event_table.PARTITION}")
        event_table.upsert(frame, f"{self.uri}/{TABLE}", CONTRACT, {})

    def views(self, *more: dict[str, Any]) -> None:
        """Bring the views up to date."""
        for view in (USERS, SESSIONS, *more):
            self.run(UNTIL, view)

    def delete(self, *words: str, entity: str = str(GONE), field: str = "user_id") -> dict[str, Any]:
        """Run the deletion of an entity."""
        until = (START + timedelta(hours=UNTIL)).isoformat()
        argv = [f"--contract={json.dumps(SPECS['contract'])}", f"--feature-store={self.uri}", f"--raw={self.uri}/.raw"]
        argv += [f"--view={json.dumps(view)}" for view in (USERS, SESSIONS)]
        argv += [f"--field={field}", f"--entity={entity}", f"--until={until}", *words]
        return dict(run(self.spark, arguments(argv)))

    def state(self) -> dict[str, list[list[tuple[Any, ...]]]]:
        """Rows of every table, as Arrow reads them and as Spark does."""
        columns = {
            TABLE: ["event_id", "user_id", "session_id", "timestamp"],
            "user_activity": ["user_id", VALID_FROM, "events_1h", "events_7d", "purchases_1d"],
            "session_activity": ["session_id", VALID_FROM, "events", "pages", "purchases"],
        }
        near, far = FeatureStore.at(self.uri), FeatureStore.of_spark(self.spark, self.uri)
        found = {}
        for table, names in columns.items():
            latest = near.history(table)[-1].time
            by_arrow = [tuple(row.values()) for row in near.as_of(table, latest, names).select(names).to_pylist()]
            by_spark = [tuple(row) for row in far.as_of(table, latest, names).select(names).collect()]
            found[table] = [sorted(map(_without_zones, rows)) for rows in (by_arrow, by_spark)]
        return found


def _without_zones(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.replace(tzinfo=UTC) if isinstance(value, datetime) else value for value in row)


def traces(folder: Path) -> list[str]:
    """Files of a store that have anything of the entity in them, as they lie on the disk."""
    found = []
    for file in folder.rglob("*"):
        if file.is_dir() or file.suffix == ".crc":
            continue
        if file.suffix == ".parquet":
            text = str(pq.read_table(file, partitioning=None).to_pydict())
        else:
            text = file.read_bytes().decode("latin-1")
        if str(GONE) in text or "gone-" in text or "alone" in text:
            found.append(str(file.relative_to(folder)))
    return sorted(found)


def test_an_entity_is_gone_everywhere(spark: SparkSession, tmp_path: Path, online: OnlineStore) -> None:
    never = Deletable(spark, tmp_path / "never")
    never.send(*(event for event in EVENTS if event[1] != GONE))
    never.views()
    expected = never.state()
    assert all(by_arrow == by_spark for by_arrow, by_spark in expected.values())

    made = Deletable(spark, tmp_path / "made")
    made.send(*EVENTS[:4])
    made.views(FORMER)
    made.send(*EVENTS[4:])
    made.views(FORMER)
    near = FeatureStore.at(made.uri)
    for view in ("user_activity", "session_activity"):
        follow(near, online, view)
    known = made.state()
    assert known != expected

    counted = made.delete()
    assert counted["found"].keys() == {TABLE, "user_activity", "user_activity_v2"}
    assert counted["found"][TABLE] == 3
    rows_known = len([row for row in known["user_activity"][0] if row[0] == GONE])
    assert counted["found"]["user_activity"] == counted["found"]["user_activity_v2"] == rows_known > 0
    assert counted["anew"] == {"session_activity": 2}
    assert made.state() == known

    deleted = made.delete("--yes")
    assert {name: deleted[name] for name in ("found", "anew")} == {name: counted[name] for name in ("found", "anew")}
    assert made.state() == expected
    tables = list(deleted["found"])
    backend = ArrowBackend(made.uri)
    assert rows_left(backend, tables, "user_id", str(GONE)) == dict.fromkeys(tables, 0)
    assert rows_left(backend, tables, "user_id", "2")[TABLE] == 2
    # The report says that earlier instants are readable, and they are.
    instants, oldest = deleted["earlier"][TABLE]
    assert instants >= 2
    assert any(row["user_id"] == GONE for row in near.as_of(TABLE, oldest).to_pylist())
    assert traces(tmp_path / "made")
    # A run that the program has pinned to a commit of before.
    pinned = [f"--view={json.dumps(USERS)}", f"--feature-store={made.uri}", f"--source-instant={oldest}", "--all"]
    job.run(spark, job.arguments([*pinned, f"--until={(START + timedelta(hours=UNTIL)).isoformat()}"]))
    assert made.state() == expected

    views = {view: deleted["instants"][view] for view in ("user_activity", "session_activity")}
    with pytest.raises(FeatureStoreError, match="has not followed to"):
        rows_online(online, views, ["user_activity"], str(GONE), 0)
    assert online.lookup("user_activity", GONE) is not None
    for view in views:
        follow(near, online, view)
        assert check(near, online, view).consistent
    assert rows_online(online, views, ["user_activity"], str(GONE), 0) == []
    assert rows_online(online, views, ["user_activity"], "2", 0) == ["user_activity"]

    # Again: there is nothing left to find, and now what was before goes too.
    purged = made.delete("--yes", "--purge")
    assert set(purged["found"].values()) == {0}
    assert purged["earlier"] == {}
    assert traces(tmp_path / "made") == []
    assert made.state() == expected
    for table in tables:
        assert [each.time for each in near.history(table)] == [purged["instants"][table]]
    made.views()
    assert made.state() == expected

    # A later event of the entity makes a new row.
    late = ("late-1", GONE, 2.5, "catalog", "shared")
    for store in (made, never):
        store.send(late)
        store.views()
    assert made.state() == never.state()
    assert rows_left(backend, [TABLE], "user_id", str(GONE)) == {TABLE: 1}


def test_an_entity_of_text_that_is_all_there_is(spark: SparkSession, tmp_path: Path) -> None:
    made = Deletable(spark, tmp_path)
    hostile = "urn:x:1,urn:y:2 ' \" \\E größe"
    made.send(("a", 1, 0.5, "catalog", hostile))
    made.views()
    deleted = made.delete("--yes", "--purge", entity=hostile, field="session_id")
    assert deleted["found"] == {TABLE: 1, "session_activity": 1}
    assert deleted["anew"] == {"user_activity": 1}
    assert all(rows == [[], []] for rows in made.state().values())
    assert rows_left(ArrowBackend(made.uri), [TABLE, "session_activity"], "session_id", hostile) == {
        TABLE: 0,
        "session_activity": 0,
    }
    made.send(("b", 1, 0.5, "catalog", "s"))
    made.views()
    assert [len(rows) for rows in made.state()["session_activity"]] == [1, 1]


@pytest.mark.parametrize(
    ("field", "entity", "complaint"),
    [
        ("user_id", "1.5", "no value of clickstream_events.user_id, a long"),
        ("user_id", "+5", "no value of clickstream_events.user_id, a long"),
        ("timestamp", "2026-01-05", "clickstream_events.timestamp is a timestamp; an entity is named by"),
        ("user_id", "x", "no value of clickstream_events.user_id, a long"),
        ("user_id", "99999999999999999999", "no value of clickstream_events.user_id, a long"),
        ("session_id", " ", "no value of clickstream_events.session_id, a string"),
        ("nobody", "1", "clickstream_events has no field nobody; it has event_id, "),
    ],
)
def test_what_is_no_entity_is_refused(
    spark: SparkSession, tmp_path: Path, field: str, entity: str, complaint: str
) -> None:
    with pytest.raises(JobError, match=complaint):
        Deletable(spark, tmp_path).delete("--yes", field=field, entity=entity)
