"""Features against a definition in plain Python, late events and leaks among them."""

from __future__ import annotations

import json
import random
import statistics
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest

pytest.importorskip("pyspark")

from pyspark.sql import functions as F  # noqa: E402

from mlstack_features.compute import ViewSpec, compute, parse_view  # noqa: E402
from mlstack_features.spark import SparkBackend  # noqa: E402
from mlstack_features.store import VALID_FROM  # noqa: E402

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

START = datetime(2026, 1, 5, tzinfo=UTC)
UNTIL = START + timedelta(days=14)
HOUR = timedelta(hours=1)


class Event(NamedTuple):
    """An event of the tests' views."""

    user: str
    time: datetime
    kind: str
    price: float


def view(window: dict[str, object]) -> ViewSpec:
    """A view with a feature of every aggregate that its window takes."""
    features: dict[str, object] = {
        "events": {"aggregate": "count"},
        "buys": {"aggregate": "count", "where": {"field": "kind", "in": ["buy"]}},
        "spent": {"aggregate": "sum", "of": "price", "where": {"field": "kind", "in": ["buy"]}},
        "dearest": {"aggregate": "max", "of": "price"},
        "average": {"aggregate": "mean", "of": "price"},
        "spread": {"aggregate": "stddev", "of": "price"},
        "first": {"aggregate": "first", "of": "price", "where": {"field": "kind", "in": ["buy"]}},
        "last": {"aggregate": "last", "of": "kind"},
        "dear": {"aggregate": "count", "where": {"field": "price", "above": 20, "below": 50}},
    }
    if window["kind"] == "whole":
        features["kinds"] = {"aggregate": "distinct", "of": "kind"}
    text = {"name": "v", "version": 1, "source": "e", "eventTime": "time", "entity": "user"}
    return parse_view(json.dumps({**text, "window": window, "features": features, "hudi": {}}))


FEATURES = ("events", "buys", "spent", "dearest", "average", "spread", "first", "last", "dear")
TRAILING = view({"kind": "trailing", "hours": [1, 24, 168]})
WHOLE = view({"kind": "whole"})


def events(seed: int, count: int = 150) -> list[Event]:
    """Events of three users over six days, some on a full hour."""
    draw = random.Random(seed)
    return [
        Event(
            draw.choice("abc"),
            START + timedelta(minutes=draw.choice([draw.randrange(8640), 60 * draw.randrange(144)])),
            draw.choice(["view", "buy"]),
            float(draw.randrange(100)),
        )
        for _ in range(count)
    ]


def frame(spark: SparkSession, made: list[Event]) -> DataFrame:
    """Events as a table."""
    return spark.createDataFrame(made, "user string, time timestamp, kind string, price double")


def at_hour(made: list[Event], user: str, hour: datetime, hours: int) -> tuple[object, ...]:
    """Features of a window by definition."""
    inside = [each for each in made if each.user == user and hour - hours * HOUR <= each.time < hour]
    buys = [each.price for each in inside if each.kind == "buy"]
    prices = [each.price for each in inside]
    mean = sum(prices) / len(prices) if prices else None
    return len(inside), len(buys), sum(buys) if buys else None, max(prices, default=None), mean, *later(inside)


def later(inside: list[Event]) -> tuple[object, ...]:
    """Deviation, first price of a purchase, last kind, and how many prices are between two bounds."""
    prices = [each.price for each in inside]
    spread = statistics.stdev(prices) if len(prices) > 1 else None
    first = min(((each.time, each.price) for each in inside if each.kind == "buy"), default=(None, None))[1]
    last = max(((each.time, each.kind) for each in inside), default=(None, None))[1]
    return spread, first, last, sum(20 < price < 50 for price in prices)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_row_is_what_the_definition_says(spark: SparkSession, seed: int) -> None:
    made = events(seed)
    rows = compute(frame(spark, made), TRAILING, UNTIL).collect()
    assert rows
    for row in rows:
        hour = row[VALID_FROM].replace(tzinfo=UTC)
        for hours, name in ((1, "1h"), (24, "1d"), (168, "7d")):
            found = tuple(row[f"{feature}_{name}"] for feature in FEATURES)
            wanted = at_hour(made, row["user"], hour, hours)
            for feature, one, other in zip(FEATURES, found, wanted, strict=True):
                same = one == other if isinstance(other, str) else one == pytest.approx(other)
                assert same, (row["user"], hour, name, feature, one, other)


def test_the_last_row_before_an_hour_is_exact_at_that_hour(spark: SparkSession) -> None:
    made = events(3)
    rows = compute(frame(spark, made), TRAILING, UNTIL).select(
        "user", VALID_FROM, "events_1h", "events_1d", "events_7d"
    )
    held = {
        user: sorted((row[VALID_FROM].replace(tzinfo=UTC), row) for row in rows.collect() if row["user"] == user)
        for user in "abc"
    }
    for user, known in held.items():
        for step in range(24 * 13):
            hour = START + step * HOUR
            before = [row for since, row in known if since <= hour]
            counts = [at_hour(made, user, hour, hours)[0] for hours in (1, 24, 168)]
            assert (
                [before[-1][f"events_{name}"] for name in ("1h", "1d", "7d")] == counts if before else counts == [0] * 3
            )


def test_a_late_event_changes_the_windows_it_belongs_to_and_no_others(spark: SparkSession) -> None:
    made = events(4)
    late = Event("a", START + timedelta(hours=30, minutes=10), "buy", 1000.0)
    before = {(row["user"], row[VALID_FROM]): row for row in compute(frame(spark, made), TRAILING, UNTIL).collect()}
    after = {
        (row["user"], row[VALID_FROM]): row for row in compute(frame(spark, [*made, late]), TRAILING, UNTIL).collect()
    }
    changed = {key for key in after if before.get(key) != after[key]}
    first, last = START + 31 * HOUR, START + (31 + 168) * HOUR
    assert changed
    assert all(user == "a" and first <= time.replace(tzinfo=UTC) <= last for user, time in changed)
    assert before.keys() <= after.keys()


def test_a_whole_row_holds_from_after_its_last_event(spark: SparkSession) -> None:
    made = events(5)
    for row in compute(frame(spark, made), WHOLE, UNTIL).collect():
        own = [each for each in made if each.user == row["user"]]
        assert row[VALID_FROM].replace(tzinfo=UTC) == max(each.time for each in own) + timedelta(microseconds=1)
        assert (row["events"], row["kinds"]) == (len(own), len({each.kind for each in own}))
        spread, *others = later(own)
        assert row["spread"] == pytest.approx(spread)
        assert [row[name] for name in ("first", "last", "dear")] == others


def test_a_deviation_keeps_its_digits_where_the_mean_is_large(spark: SparkSession) -> None:
    made = [Event("a", START + timedelta(minutes=50 * n), "view", 1e9 + n % 3) for n in range(9)]
    last = max(compute(frame(spark, made), TRAILING, UNTIL).collect(), key=lambda row: row["events_1d"])
    assert last["events_1d"] == len(made)
    assert last["spread_1d"] == pytest.approx(statistics.stdev(each.price for each in made), rel=1e-6)


def test_events_from_the_end_on_do_not_count(spark: SparkSession) -> None:
    end = START + timedelta(hours=50)
    made = events(6)
    known = [each for each in made if each.time < end]
    assert compute(frame(spark, made), TRAILING, end).collect() == compute(frame(spark, known), TRAILING, end).collect()


def test_no_label_learns_from_an_event_at_or_after_it(spark: SparkSession) -> None:
    """Fails on any leak: events at or after a label change nothing of what is joined to it."""
    made = events(7)
    moments = [START + timedelta(minutes=97 * step) for step in range(60)]
    asked = spark.createDataFrame(
        [("abc"[step % 3], moment) for step, moment in enumerate(moments)], "user string, at timestamp"
    )
    backend = SparkBackend(spark, "file:///nowhere")
    columns = [f"{name}_{window}" for name in ("events", "spent", "dearest") for window in ("1h", "1d", "7d")]

    def joined(known: list[Event]) -> dict[object, object]:
        rows = compute(frame(spark, known), TRAILING, UNTIL).select("user", VALID_FROM, *columns)
        return {
            row["at"].replace(tzinfo=UTC): row
            for row in backend.join(asked, rows, "user", "user", "at", columns, None).collect()
        }

    everything = joined(made)
    for moment in moments[::12]:
        past = [each for each in made if each.time < moment]
        assert joined(past)[moment] == everything[moment]


def test_an_event_counts_from_the_time_at_which_it_was_known(spark: SparkSession) -> None:
    known = replace(TRAILING, known_at="price", known_in_minutes=True)
    # The price is the minutes after which it was known: one at once, one after three hours, one from nobody knows when.
    made = [
        Event("a", START + timedelta(minutes=n), "buy", price) for n, price in enumerate((0.0, 180.0, float("nan")))
    ]
    rows = compute(frame(spark, made).withColumn("price", F.nanvl("price", F.lit(None))), known, UNTIL)
    counts = {row[VALID_FROM].replace(tzinfo=UTC): row["events_1d"] for row in rows.collect()}
    assert counts[START + HOUR] == 2
    assert counts[START + 4 * HOUR] == 3
    # The time at which the record became known, as a timestamp.
    at = frame(spark, made).withColumn("told", F.expr("time + make_interval(0, 0, 0, 0, 0, int(nanvl(price, 0)))"))
    told = replace(TRAILING, known_at="told", known_in_minutes=False)
    counts = {row[VALID_FROM].replace(tzinfo=UTC): row["events_1d"] for row in compute(at, told, UNTIL).collect()}
    assert (counts[START + HOUR], counts[START + 4 * HOUR]) == (2, 3)


def test_a_delay_is_part_of_the_time_from_which_a_row_holds(spark: SparkSession) -> None:
    made = events(8)
    for declared in (TRAILING, WHOLE):
        rows = compute(frame(spark, made), declared, UNTIL).drop("valid_date")
        late = compute(frame(spark, made), replace(declared, delay=timedelta(minutes=25)), UNTIL).drop("valid_date")
        moved = rows.withColumn(VALID_FROM, F.col(VALID_FROM) + F.expr("INTERVAL 25 MINUTES")).select(rows.columns)
        assert sorted(map(tuple, late.collect())) == sorted(map(tuple, moved.collect()))
