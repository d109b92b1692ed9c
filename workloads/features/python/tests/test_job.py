"""The job of a view on real tables: run by run, and read by both backends alike."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyspark")
pa = pytest.importorskip("pyarrow")
pytest.importorskip("hudi")

from event_store import START, USERS, Store  # noqa: E402

from mlstack_features import VALID_FROM, FeatureStore  # noqa: E402
from mlstack_features.difference import difference  # noqa: E402
from mlstack_features.rollback import rollback  # noqa: E402

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store on which the job has run three times: from nothing, as time went by, and after late events."""
    made = Store(spark, tmp_path_factory.mktemp("store"))
    made.events(("a", 1, 0.5, "catalog"), ("b", 1, 1.5, "purchase"), ("c", 2, 2.2, "catalog"), ("d", 3, 0.1, "cart"))
    made.run(4)
    assert made.rows() == made.from_scratch(4)
    # No new event: what has left the windows since is all that changes.
    made.run(30)
    assert made.rows() == made.from_scratch(30)
    made.events(("e", 2, 1.0, "catalog"), ("f", 4, 29.0, "catalog"), ("a", 1, 0.5, "catalog"))
    made.run(32)
    return made


def test_runs_add_up_to_what_one_run_would_make(store: Store) -> None:
    assert store.rows() == store.from_scratch(32)


def test_both_backends_read_the_same(spark: SparkSession, store: Store) -> None:
    columns = ["user_id", VALID_FROM, "events_1h", "events_7d"]
    near, far = FeatureStore.at(store.uri), FeatureStore.of_spark(spark, store.uri)
    assert near.list() == far.list() == ["clickstream_events", "user_activity"]
    assert near.view("user_activity") == far.view("user_activity")
    history = [each.time for each in near.history("user_activity")]
    assert history == [each.time for each in far.history("user_activity")]
    assert len(history) == 3
    for instant in history:
        mine = near.as_of("user_activity", instant, columns).to_pylist()
        theirs = [row.asDict() for row in far.as_of("user_activity", instant, columns).collect()]
        assert _sorted(mine) == _sorted(theirs)
    first, last = history[0], history[-1]
    mine = near.incremental("user_activity", first, last, columns).to_pylist()
    theirs = [row.asDict() for row in far.incremental("user_activity", first, last, columns).collect()]
    assert _sorted(mine) == _sorted(theirs)
    # Whatever the column: what the last commit wrote, and nothing of the one before.
    before, after = (each.time for each in near.history("clickstream_events"))
    mine = near.incremental("clickstream_events", before, after, ["event_id"])["event_id"].to_pylist()
    theirs = [row[0] for row in far.incremental("clickstream_events", before, after, ["event_id"]).collect()]
    assert sorted(mine) == sorted(theirs) == ["a", "e", "f"]
    assert far.incremental("clickstream_events", before, None, ["user_id"]).count() == 3
    at = START + timedelta(hours=3)
    mine = near.latest("user_activity", columns, at).to_pylist()
    theirs = [row.asDict() for row in far.latest("user_activity", columns, at).collect()]
    assert _sorted(mine) == _sorted(theirs)
    assert len(mine) == 3


def test_a_join_as_of_an_instant_is_the_same_in_a_month(spark: SparkSession, store: Store) -> None:
    near, far = FeatureStore.at(store.uri), FeatureStore.of_spark(spark, store.uri)
    instant = near.history("user_activity")[1].time
    moments = [START + timedelta(hours=hours) for hours in (1, 2, 3, 26)]
    labels = pa.table({"user_id": [1, 1, 2, 2], "at": pa.array(moments, pa.timestamp("us", "UTC"))})
    columns = ["events_1h", "events_1d"]
    mine = near.point_in_time_join(labels, "user_activity", time="at", columns=columns, instant=instant)
    # The late event of user 2 came after that instant, and changes nothing of it.
    assert mine["events_1h"].to_pylist() == [1, 1, 1, 0]
    assert mine["events_1d"].to_pylist() == [1, 2, 1, 1]
    asked = spark.createDataFrame(list(zip([1, 1, 2, 2], moments, strict=True)), "user_id long, at timestamp")
    theirs = far.point_in_time_join(asked, "user_activity", time="at", columns=columns, instant=instant).collect()
    assert sorted((row["at"].replace(tzinfo=UTC), row["events_1h"], row["events_1d"]) for row in theirs) == list(
        zip(moments, mine["events_1h"].to_pylist(), mine["events_1d"].to_pylist(), strict=True)
    )


def test_a_rollback_restores_an_instant_and_keeps_the_history(spark: SparkSession, store: Store) -> None:
    near = FeatureStore.at(store.uri)
    history = [each.time for each in near.history("user_activity")]
    options = argparse.Namespace(view=json.dumps(USERS), feature_store=store.uri, instant=history[1])
    rollback(spark, options)
    now = near.history("user_activity")[-1].time
    keys = near.keys("user_activity")
    before, after = (near.as_of("user_activity", each).to_pylist() for each in (history[1], now))
    found = difference(keys, before, after)
    far = FeatureStore.of_spark(spark, store.uri)
    theirs = [row.asDict() for row in far.as_of("user_activity", now).collect()]
    assert _sorted(theirs) == _sorted(after)
    assert (found.added, found.removed, found.changed) == (0, 0, 0)
    # The next run goes on from there.
    store.run(32)
    assert store.rows() == store.from_scratch(32)


def _sorted(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    naive = [
        tuple(value.replace(tzinfo=UTC) if isinstance(value, datetime) else value for value in row.values())
        for row in rows
    ]
    return sorted(naive)
