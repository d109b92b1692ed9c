"""Random histories of events, run by run, against a definition that computes everything from scratch in plain Python.

Histories stand side by side in one table, each with users and events of its own, so that a run of the job is a run of
all of them. `MLSTACK_HISTORIES` says how many.
"""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyspark")
pytest.importorskip("pyarrow")
pytest.importorskip("hudi")

from event_store import SPECS, START  # noqa: E402
from stream import event_table, moved_events  # noqa: E402
from stream.contract import parse_contract  # noqa: E402

from mlstack_features import VALID_FROM, FeatureStore, deletion  # noqa: E402
from mlstack_features.job import arguments, run  # noqa: E402

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HISTORIES = int(os.environ.get("MLSTACK_HISTORIES", "50"))
RUNS = 6
RECENT = {6: (60 * 24 * 12, 60 * 48), 7: (90, 60 * 36)}
"""Further runs: minutes after the one before, and the last minutes, where alone events change: old days stay unread."""
DELETIONS = {2: "user_id", 4: "session_id"}
"""Runs in which an entity is deleted, and the field that names it."""
KINDS = ("catalog", "product_view", "search", "add_to_cart", "purchase")
HOURS = (1, 24, 168)
VIEWS = {view["name"]: view for view in SPECS["views"]}
# Its corrections move events by days and weeks.
CONTRACT = parse_contract(json.dumps({**SPECS["contract"], "movesWithinDays": 30}))


@dataclass(frozen=True)
class Event:
    """An event as it stands after its last correction."""

    key: str
    user: int
    minute: int
    """After the start."""
    kind: str

    @property
    def time(self) -> datetime:
        """When it happened."""
        return START + timedelta(minutes=self.minute)

    @property
    def session(self) -> str:
        """Session, which two users share."""
        return f"s{self.user // 2}"


class History:
    """Random changes of one source of events over time."""

    def __init__(self, number: int) -> None:
        self.draw = random.Random(number)
        self.number = number
        self.events: dict[str, Event] = {}
        self.made = 0

    def step(self, now: int, since: int = 0) -> tuple[list[Event], list[str]]:
        """Events that a run receives, at a minute after the start; and keys of those that are deleted.

        `since`: minute before which nothing changes.
        """
        draw = self.draw
        sent: dict[str, Event] = {}
        for _ in range(draw.randint(0, 4)):
            self.made += 1
            # Late ones and those of this run alike.
            event = self._drawn(f"h{self.number}e{self.made}", since, now)
            sent[event.key] = event
        known = sorted(key for key, event in self.events.items() if event.minute >= since)
        for key in draw.sample(known, min(len(known), draw.randint(0, 2))):
            event, drawn = self.events[key], self._drawn(key, since, now)
            sent[key] = draw.choice(
                [
                    replace(event, user=drawn.user),
                    replace(event, minute=drawn.minute),
                    replace(event, minute=min(now - 1, event.minute + 24 * 60)),
                    replace(event, kind=drawn.kind),
                    drawn,
                    event,
                ]
            )
        gone = [key for key in known if key not in sent and draw.random() < 0.15]
        self.events |= sent
        for key in gone:
            del self.events[key]
        return list(sent.values()), gone

    def forget(self, field: str, entity: int | str) -> None:
        """Have no event of an entity any more."""
        named = {"user_id": "user", "session_id": "session"}[field]
        self.events = {key: event for key, event in self.events.items() if getattr(event, named) != entity}

    def _drawn(self, key: str, since: int, now: int) -> Event:
        user = self.number * 3 + self.draw.randrange(3)
        return Event(key, user, self.draw.randrange(since, now), self.draw.choice(KINDS))


def users(events: Iterable[Event], until: datetime) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Rows of `user_activity` by user and time: counts of all events and of purchases in each window."""
    hours: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for event in events:
        if event.time < until:
            hours[event.user].append((event.time.replace(minute=0), event.kind))
    rows = {}
    for user, seen in hours.items():
        ticks = {hour + timedelta(hours=after) for hour, _ in seen for after in (1, *(length + 1 for length in HOURS))}
        for tick in ticks:
            if tick <= until:
                inside = [[k for h, k in seen if tick - timedelta(hours=n) <= h < tick] for n in HOURS]
                rows[user, tick] = (*map(len, inside), *(kinds.count("purchase") for kinds in inside))
    return rows


def sessions(events: Iterable[Event], until: datetime) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Rows of `session_activity` by session and time: events, kinds, purchases."""
    seen: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.time < until:
            seen[event.session].append(event)
    return {
        (session, max(event.time for event in each) + timedelta(microseconds=1)): (
            len(each),
            len({event.kind for event in each}),
            sum(event.kind == "purchase" for event in each),
        )
        for session, each in seen.items()
    }


COLUMNS: Mapping[str, tuple[str, ...]] = {
    "user_activity": ("events_1h", "events_1d", "events_7d", "purchases_1h", "purchases_1d", "purchases_7d"),
    "session_activity": ("events", "pages", "purchases"),
}
ENTITY = {"user_activity": "user_id", "session_activity": "session_id"}


class Table:
    """The events' table in a folder, written as the stream writes it."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.uri = f"file://{folder}"
        self.path = f"{self.uri}/{CONTRACT.name}"

    def apply(self, sent: list[Event], gone: list[str], run_number: int) -> None:
        """Upsert events, and delete others by key."""
        arrived = datetime(2026, 3, 1, 12, run_number, tzinfo=UTC)
        if sent:
            rows = [(e.key, e.user, e.session, e.kind, e.time, arrived) for e in sent]
            schema = (
                "event_id string, user_id long, session_id string, event string, timestamp timestamp, "
                "kafka_time timestamp"
            )
            frame = self.spark.createDataFrame(rows, schema)
            frame = frame.selectExpr("*", f"date_format(timestamp, 'yyyy-MM-dd') {event_table.PARTITION}")
            event_table.upsert(frame, self.path, CONTRACT, {})
        if gone:
            keys = self.spark.createDataFrame([(key,) for key in gone], "event_id string")
            table = self.spark.read.format("hudi").load(self.path)
            moved_events.delete(table.join(keys, "event_id", "left_semi"), self.path, CONTRACT)

    def run(self, view: str, until: datetime) -> None:
        """Run the job of a view at a time."""
        argv = [f"--view={json.dumps(VIEWS[view])}", f"--feature-store={self.uri}", f"--until={until.isoformat()}"]
        run(self.spark, arguments(argv))

    def delete(self, field: str, entity: int | str, until: datetime) -> None:
        """Delete an entity; the job brings the views up to date."""
        argv = [
            f"--contract={json.dumps(SPECS['contract'])}",
            *(f"--view={json.dumps(view)}" for view in VIEWS.values()),
        ]
        argv += [f"--feature-store={self.uri}", f"--raw={self.uri}/.raw", f"--until={until.isoformat()}"]
        deletion.run(self.spark, deletion.arguments([*argv, f"--field={field}", f"--entity={entity}", "--yes"]))

    def rows(self, view: str) -> list[dict[tuple[Any, ...], tuple[int, ...]]]:
        """The view as Arrow reads it, and as Spark does."""
        columns = [ENTITY[view], VALID_FROM, *COLUMNS[view]]
        near = FeatureStore.at(self.uri)
        latest = near.history(view)[-1].time
        far = FeatureStore.of_spark(self.spark, self.uri)
        read = (
            near.as_of(view, latest, columns).to_pylist(),
            [row.asDict() for row in far.as_of(view, latest, columns).collect()],
        )
        found = []
        for rows in read:
            keyed = {}
            for row in rows:
                key = (row[ENTITY[view]], row[VALID_FROM].replace(tzinfo=UTC))
                assert key not in keyed, f"{view}: {key} stands there twice"
                keyed[key] = tuple(row[column] for column in COLUMNS[view])
            found.append(keyed)
        return found


def test_every_run_equals_computing_everything_from_scratch(spark: SparkSession, tmp_path: Path) -> None:
    table = Table(spark, tmp_path)
    histories = [History(number) for number in range(HISTORIES)]
    clock = random.Random(HISTORIES)
    now = 0
    for number in range(RUNS + len(RECENT)):
        if number in RECENT:
            passed, back = RECENT[number]
            now += passed
            since = now - back
        else:
            now += clock.choice([20, 90, 60 * 11, 60 * 30, 60 * 24 * 4])
            since = 0
        steps = [history.step(now, since) for history in histories]
        sent = [event for events, _ in steps for event in events]
        table.apply(sent, [key for _, keys in steps for key in keys], number)
        until = (START + timedelta(minutes=now)).replace(minute=0)
        events = [event for history in histories for event in history.events.values()]
        if number in DELETIONS and events:
            field, chosen = DELETIONS[number], clock.choice(events)
            entity = chosen.user if field == "user_id" else chosen.session
            table.delete(field, entity, until)
            for history in histories:
                history.forget(field, entity)
            events = [event for history in histories for event in history.events.values()]
        for view, expected in (("user_activity", users(events, until)), ("session_activity", sessions(events, until))):
            # A deletion has run the jobs of the views that there were.
            if number not in DELETIONS or view not in FeatureStore.at(table.uri).list():
                table.run(view, until)
            if not expected and view not in FeatureStore.at(table.uri).list():
                continue
            for reader, found in zip(("Arrow", "Spark"), table.rows(view), strict=True):
                wrong = {key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)}
                some = {key: (found.get(key), expected.get(key)) for key in sorted(wrong)[:5]}
                assert not wrong, f"run {number}, {view} by {reader}: {len(wrong)} rows differ, such as {some}"
