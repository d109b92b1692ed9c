"""The job of a view on real tables: run by run, and read by both backends alike."""

from __future__ import annotations

import argparse
import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyspark")
pa = pytest.importorskip("pyarrow")
pytest.importorskip("hudi")

from event_store import SESSIONS, SPECS, START, USERS, Store  # noqa: E402
from jobs.errors import JobError  # noqa: E402

from mlstack_features import VALID_FROM, FeatureStore, FeatureStoreError  # noqa: E402
from mlstack_features.difference import difference  # noqa: E402
from mlstack_features.job import arguments, run  # noqa: E402
from mlstack_features.rollback import rollback  # noqa: E402
from mlstack_features.spark import SparkBackend  # noqa: E402
from mlstack_features.store import Frame  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

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


def test_a_run_reads_the_days_of_its_windows_and_no_earlier_ones(spark: SparkSession, tmp_path: Path) -> None:
    day = 24
    made = Store(spark, tmp_path)
    made.events(("a", 1, 0.5, "catalog"), ("b", 1, 40 * day + 0.5, "catalog"), ("c", 2, 40 * day + 1.5, "cart"))
    made.run(40 * day + 2)
    before = made.rows()
    # Reads of these files fail.
    kept = tmp_path.parent / "kept"
    early = ("clickstream_events/event_date=2026-01-05", "user_activity/valid_date=2026-01-05")
    for number, folder in enumerate(early):
        shutil.copytree(tmp_path / folder, kept / str(number))
        for file in (tmp_path / folder).rglob("*.*"):
            file.write_bytes(b"")
    with pytest.raises(Exception, match="parquet|Parquet|read"):
        made.rows()
    made.events(("d", 1, 40 * day + 2.5, "purchase"))
    assert made.run(40 * day + 4)["rows"] > 0
    for number, folder in enumerate(early):
        shutil.rmtree(tmp_path / folder)
        shutil.copytree(kept / str(number), tmp_path / folder)
    assert made.rows() == made.from_scratch(40 * day + 4) != before
    # A late event of an early day has them read again.
    made.events(("e", 1, 3.5, "catalog"))
    made.run(40 * day + 4)
    assert made.rows() == made.from_scratch(40 * day + 4)


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
    # For any column, the change feed has the rows of the last commit and none of the one before.
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


def test_a_table_without_times_is_read_whole(spark: SparkSession, store: Store) -> None:
    near, far = FeatureStore.at(store.uri), FeatureStore.of_spark(spark, store.uri)
    columns = ["event_id", "user_id"]
    mine = near.latest("clickstream_events", columns).to_pylist()
    assert _sorted(mine) == _sorted(row.asDict() for row in far.latest("clickstream_events", columns).collect())
    assert len(mine) == 6
    every = set(near.latest("clickstream_events").column_names)
    assert every == {"event_id", "user_id", "timestamp", "event", "session_id", "kafka_time", "event_date"}
    for each in (near, far):
        with pytest.raises(FeatureStoreError, match="clickstream_events keeps no time .*as_of"):
            each.latest("clickstream_events", columns, START)


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


def test_features_of_two_views_are_those_of_a_join_with_each(spark: SparkSession, store: Store, tmp_path: Path) -> None:
    # Another view of the same rows.
    made = store.uri.removeprefix("file://")
    for name in ("user_activity", "other"):
        shutil.copytree(f"{made}/user_activity", tmp_path / name)
    near, far = FeatureStore.at(f"file://{tmp_path}"), FeatureStore.of_spark(spark, f"file://{tmp_path}")
    instant = near.history("user_activity")[1].time
    rows = [(1, 2, START + timedelta(hours=hours)) for hours in (1, 2, 26)]
    labels = pa.table(
        {
            "user_id": [row[0] for row in rows],
            "friend": [row[1] for row in rows],
            "at": pa.array([row[2] for row in rows], pa.timestamp("us", "UTC")),
        }
    )
    asked = ["user_activity:events_1h", "other:events_1h", "user_activity:events_1d"]

    def answer(reader: FeatureStore[Frame], labels: Frame, *, full_names: bool = True) -> Frame:
        return reader.historical_features(
            labels,
            asked,
            time="at",
            entities={"other": "friend"},
            instants={"user_activity": instant},
            full_names=full_names,
        )

    mine = answer(near, labels)
    of_user = near.point_in_time_join(
        labels, "user_activity", time="at", columns=["events_1h", "events_1d"], instant=instant
    )
    of_friend = near.point_in_time_join(labels, "other", time="at", entity="friend", columns=["events_1h"])
    assert mine.to_pydict() == {
        **labels.to_pydict(),
        "user_activity__events_1h": of_user["events_1h"].to_pylist(),
        "user_activity__events_1d": of_user["events_1d"].to_pylist(),
        "other__events_1h": of_friend["events_1h"].to_pylist(),
    }
    theirs = answer(far, spark.createDataFrame(rows, "user_id long, friend long, at timestamp"))
    assert theirs.columns == mine.column_names
    assert _sorted([row.asDict() for row in theirs.collect()]) == _sorted(mine.to_pylist())
    with pytest.raises(FeatureStoreError, match="are both named events_1h; pass full_names=True"):
        answer(near, labels, full_names=False)
    with pytest.raises(FeatureStoreError, match="the labels have a column other__events_1h of their own"):
        answer(near, mine.select(["user_id", "friend", "at", "other__events_1h"]))


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


HOSTILE = ("urn:x:1,urn:y:2", "2026-01-05T10:00:00,7", "session_id:1,_key_end:-", "a,b", "a:b", ",:", "größe")


def _sessions(made: Store, *, again: str = "") -> dict[str, int]:
    """Run the view of sessions whose names are hostile; events by session, of which both readers tell the same."""
    rows = [(f"{again}{at}", 1, START + timedelta(hours=1), "catalog", name) for at, name in enumerate(HOSTILE)]
    frame = made.spark.createDataFrame(
        rows, "event_id string, user_id long, timestamp timestamp, event string, session_id string"
    ).selectExpr("*", "current_timestamp() kafka_time", "date_format(timestamp, 'yyyy-MM-dd') event_date")
    options = {"hoodie.table.name": "clickstream_events", "hoodie.datasource.write.operation": "upsert"}
    frame.write.format("hudi").options(**options, **SPECS["contract"]["hudi"]).mode("append").save(
        f"{made.uri}/clickstream_events"
    )
    made.run(4, SESSIONS)
    columns = ["session_id", "events"]
    near = FeatureStore.at(made.uri).latest("session_activity", columns).to_pylist()
    rows_of_spark = FeatureStore.of_spark(made.spark, made.uri).latest("session_activity", columns).collect()
    far = [row.asDict() for row in rows_of_spark]
    assert _sorted(near) == _sorted(far)
    return {row["session_id"]: row["events"] for row in near}


def test_a_view_has_a_row_of_entities_of_any_text(spark: SparkSession, tmp_path: Path) -> None:
    made = Store(spark, tmp_path)
    assert _sessions(made) == dict.fromkeys(HOSTILE, 1)
    assert _sessions(made, again="later-") == dict.fromkeys(HOSTILE, 2)
    near = FeatureStore.at(made.uri)
    assert near.keys("session_activity") == ("session_id",)
    assert "_key_end" not in near.latest("session_activity").column_names
    first = near.history("session_activity")[0].time
    rollback(spark, argparse.Namespace(view=json.dumps(SESSIONS), feature_store=made.uri, instant=first))
    now = FeatureStore.at(made.uri).latest("session_activity", ["events"])
    assert now["events"].to_pylist() == [1] * len(HOSTILE)


def test_a_view_of_before_is_made_anew_for_entities_of_any_text(spark: SparkSession, tmp_path: Path) -> None:
    made = Store(spark, tmp_path)
    made.events(("a", 1, 0.5, "catalog"))
    plain = {**SESSIONS["hudi"], "hoodie.datasource.write.recordkey.field": "session_id"}
    made.run(2, {**SESSIONS, "hudi": plain})
    with pytest.raises(JobError, match="comma and a colon.*rebuild session_activity"):
        _sessions(made)
    made.run(4, SESSIONS, rebuild=True)
    assert len(FeatureStore.at(made.uri).latest("session_activity")) == len(HOSTILE) + 1


def _sorted(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    naive = [
        tuple(value.replace(tzinfo=UTC) if isinstance(value, datetime) else value for value in row.values())
        for row in rows
    ]
    return sorted(naive)


def test_an_instant_that_was_cleaned_is_refused_with_the_oldest_one_left(spark: SparkSession, tmp_path: Path) -> None:
    uri = f"file://{tmp_path}"
    settings = {
        **SPECS["contract"]["hudi"],
        "hoodie.table.name": "cleaned",
        "hoodie.datasource.write.table.type": "COPY_ON_WRITE",
        "hoodie.compact.inline": "false",
        "hoodie.clean.policy": "KEEP_LATEST_COMMITS",
        "hoodie.clean.commits.retained": "2",
        "hoodie.clean.trigger.max.commits": "1",
    }
    for number in range(6):
        rows = [(f"e{each}", number, START, "2026-01-05") for each in range(number + 1)]
        frame = spark.createDataFrame(rows, "event_id string, n long, kafka_time timestamp, event_date string")
        frame.write.format("hudi").options(**settings).mode("append").save(f"{uri}/cleaned")
    every = SparkBackend(spark, uri)._client("cleaned").getActiveTimeline().getCommitsTimeline()
    first = every.filterCompletedInstants().nthInstant(0).get().requestedTime()
    near, far = FeatureStore.at(uri), FeatureStore.of_spark(spark, uri)
    history = [each.time for each in near.history("cleaned")]
    assert history == [each.time for each in far.history("cleaned")]
    assert 2 <= len(history) < 6
    for at, instant in enumerate(history, start=6 - len(history)):
        assert near.as_of("cleaned", instant).num_rows == far.as_of("cleaned", instant).count() == at + 1
    for store in (near, far):
        with pytest.raises(FeatureStoreError, match=f"can no longer be read as of {first}: .* oldest is {history[0]}"):
            store.as_of("cleaned", first)


def test_a_run_before_anything_has_happened_writes_nothing(spark: SparkSession, tmp_path: Path) -> None:
    store = Store(spark, tmp_path)
    store.events(("a", 1, 0.5, "catalog"))
    made = store.run(0)
    assert (made["rows"], made["instant"]) == (0, "")
    store.run(2)
    assert store.rows() == store.from_scratch(2)


def test_a_table_without_a_commit_is_no_table(spark: SparkSession, tmp_path: Path) -> None:
    store = Store(spark, tmp_path)
    store.events(("a", 1, 0.5, "catalog"))
    store.run(2)
    # The state after a job was killed during its first commit.
    for file in (tmp_path / "user_activity/.hoodie/timeline").glob("*commit"):
        file.unlink()
    for folder in (tmp_path / "user_activity").glob("valid_date=*"):
        shutil.rmtree(folder)
    assert list((tmp_path / "user_activity/.hoodie/timeline").glob("*.inflight"))
    store.run(2)
    assert store.rows() == store.from_scratch(2)


def test_another_number_of_buckets_is_refused_and_a_rebuild_takes_it(spark: SparkSession, tmp_path: Path) -> None:
    store = Store(spark, tmp_path)
    store.events(*((f"e{n}", n, 0.5, "catalog") for n in range(30)))
    store.run(2)
    before = store.rows()
    declared = {**USERS, "hudi": {**USERS["hudi"], "hoodie.bucket.index.num.buckets": "4"}}
    argv = [f"--view={json.dumps(declared)}", f"--feature-store={store.uri}", "--until=2026-01-05T02:00:00+00:00"]
    with pytest.raises(JobError, match=r"made with buckets 2 and is declared with 4, .* rebuild user_activity"):
        run(spark, arguments(argv))
    assert store.rows() == before
    run(spark, arguments([*argv, "--rebuild"]))
    assert store.rows() == before
    run(spark, arguments([*argv, "--all"]))
    assert store.rows() == before
    # Features that are added are told of in every row; one that changes its type is refused.
    added = {**declared, "features": {**declared["features"], "kinds": {"aggregate": "max", "of": "user_id"}}}
    run(spark, arguments([f"--view={json.dumps(added)}", *argv[1:]]))
    frame = spark.read.format("hudi").load(f"{store.uri}/user_activity")
    assert frame.where("kinds_1h is null and events_1h > 0").count() == 0
    other = {**declared, "features": {**declared["features"], "events": {"aggregate": "mean", "of": "user_id"}}}
    with pytest.raises(JobError, match=r"its column events_1h is bigint and the view now computes double"):
        run(spark, arguments([f"--view={json.dumps(other)}", *argv[1:]]))
