"""The table: new, then upserted, then read as of the first commit; and both jobs from end to end."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame, SparkSession

from conftest import event, parse, write_csv
from jobs import classification, events, feature_table, features, training
from jobs.errors import JobError
from jobs.sessions import FEATURES, KEY, sessions


def batch(spark: SparkSession, path: Path, rows: list[dict[str, str]], table: str = "file:/none") -> DataFrame:
    return sessions(feature_table.with_earlier(events.accepted(parse(spark, write_csv(path, rows))), table))


def contents(spark: SparkSession, table: str, instant: str) -> dict[str, int]:
    rows = feature_table.read(spark, table, instant).select(KEY, "actions").collect()
    assert len(rows) == len({row[KEY] for row in rows}), "a session stands in the table twice"
    return {row[KEY]: row["actions"] for row in rows}


def test_an_upsert_changes_rows_and_duplicates_none(spark: SparkSession, tmp_path: Path) -> None:
    table = f"file:{tmp_path}/sessions"
    old = [event("a", "home", "10:00:00"), event("b", "home", "10:00:00"), event("c", "home", "10:00:00")]
    first = feature_table.write(batch(spark, tmp_path / "1.csv", old), table, 1)
    assert (first.operation, first.rows, first.inserts, first.updates) == ("bulk_insert", 3, 3, 0)

    # a goes on, d is new, and of b only what came before is delivered once more, late.
    late = event("b", "search", "09:00:00", user_cohort="2024-05")
    new = [event("a", "cart", "10:05:00"), event("d", "home", "11:00:00", user_cohort="2024-05"), late]
    second = feature_table.write(batch(spark, tmp_path / "2.csv", new, table), table, 1)
    assert second.operation == "upsert"
    assert second.inserts == 1

    assert contents(spark, table, second.instant) == {"a": 2, "b": 2, "c": 1, "d": 1}
    latest = feature_table.read(spark, table, second.instant).where(f"{KEY} = 'b'").first()
    assert latest is not None
    assert (latest["searches"], latest["cohort"]) == (1, "2024-05"), "the session's first event came late"

    assert contents(spark, table, first.instant) == {"a": 1, "b": 1, "c": 1}
    assert feature_table.instants(spark, table) == [first.instant, second.instant]
    assert feature_table.resolve_instant(spark, table, None) == second.instant
    assert feature_table.resolve_instant(spark, table, first.instant) == first.instant
    with pytest.raises(JobError, match=f"--instant 2020: not a commit of .*{first.instant}, {second.instant}"):
        feature_table.resolve_instant(spark, table, "2020")


def run(spark: SparkSession, folder: Path, rows: list[dict[str, str]]) -> dict[str, object]:
    # Another name each time: the job keeps its input in the session's cache, which these tests share.
    source = write_csv(folder / f"events-{len(list(folder.glob('events-*')))}.csv", rows)
    argv = [f"--input={source}", f"--feature-store=file:{folder}/store", f"--raw=file:{folder}/raw"]
    return features.build_features(spark, features.arguments(argv))


def test_a_cohort_that_is_corrected_leaves_one_row_a_session(spark: SparkSession, tmp_path: Path) -> None:
    run(spark, tmp_path, [event(f"s{n}", "home", "10:00:00", user_cohort="2026-01") for n in range(20)])
    corrected = [event(f"s{n}", "home", "10:00:00", user_cohort="2026-02") for n in range(20)]
    bought = [event(f"s{n}", "purchase", "12:00:00", user_cohort="2026-02") for n in range(20)]
    made = run(spark, tmp_path, [*corrected, *bought])
    rows = feature_table.read(spark, f"file:{tmp_path}/store/sessions", str(made["instant"])).collect()
    assert len(rows) == 20
    assert {(row["cohort"], row["actions"], row["purchased"]) for row in rows} == {("2026-02", 1, 1)}


def test_a_session_that_goes_on_in_a_second_file_is_whole(spark: SparkSession, tmp_path: Path) -> None:
    seen = [event("s", "home", "10:00:00"), event("s", "search", "10:01:00"), event("s", "add_to_cart", "10:02:00")]
    run(spark, tmp_path, seen)
    made = run(spark, tmp_path, [event("s", "cart", "10:03:00")])
    (row,) = feature_table.read(spark, f"file:{tmp_path}/store/sessions", str(made["instant"])).collect()
    assert (row["actions"], row["searches"], row["cart_adds"], row["cart_views"]) == (4, 1, 1, 1)


def test_cohorts_of_any_text_are_read_back_as_they_were_written(spark: SparkSession, tmp_path: Path) -> None:
    cohorts = ["utm:google", "x/../../evil", "../", "100%", "2026/Q1", "c" * 300, "ä ö", "a=b"]
    made = run(spark, tmp_path, [event(f"s{n}", "home", "10:00:00", user_cohort=c) for n, c in enumerate(cohorts)])
    rows = feature_table.read(spark, f"file:{tmp_path}/store/sessions", str(made["instant"])).collect()
    assert {row[KEY]: row["cohort"] for row in rows} == {f"s{n}": cohort for n, cohort in enumerate(cohorts)}


def test_a_table_of_another_layout_is_refused_before_anything_is_written(spark: SparkSession, tmp_path: Path) -> None:
    rows = batch(spark, tmp_path / "1.csv", [event("a", "home", "10:00:00")])
    table = f"file:{tmp_path}/store/sessions"
    # The layout of older tables, which had one partition per cohort.
    options = {
        "hoodie.table.name": "sessions",
        "hoodie.datasource.write.recordkey.field": KEY,
        "hoodie.datasource.write.partitionpath.field": "cohort",
        "hoodie.table.ordering.fields": "event_time",
        "hoodie.write.record.merge.mode": "EVENT_TIME_ORDERING",
        **feature_table.SMALL_TABLE,
    }
    rows.write.format("hudi").options(**options).mode("append").save(table)
    before = feature_table.instants(spark, table)
    with pytest.raises(JobError, match=r"partition cohort and is declared with none, .* move its folder away"):
        feature_table.write(rows, table, 1)
    assert feature_table.instants(spark, table) == before


def test_a_table_that_is_not_there_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"no feature table there; run clickstream-features first"):
        feature_table.resolve_instant(spark, f"file:{tmp_path}/none", None)


def visits(count: int, cart: Callable[[int], bool] = lambda n: n % 3 == 0) -> list[dict[str, str]]:
    """Sessions of which those that filled a cart tend to buy."""
    rows = []
    for n in range(count):
        name = f"s{n:03}"
        rows.append(event(name, "home", f"{n % 24:02}:00:00", platform=["mobile", "it's"][n % 2]))
        rows.append(event(name, "product_view", f"{n % 24:02}:{n % 50:02}:30"))
        if cart(n):
            rows.append(event(name, "add_to_cart", f"{n % 24:02}:51:00"))
        if cart(n) != (n % 10 == 0):
            rows.append(event(name, "purchase", f"{n % 24:02}:55:00"))
    return rows


def test_both_jobs(spark: SparkSession, tmp_path: Path) -> None:
    store, models, raw = (f"file:{tmp_path}/{name}" for name in ("feature-store", "models", "raw"))
    source = write_csv(tmp_path / "events.csv", [*visits(200), event("s000", "home", "soon")])
    options = features.arguments([f"--input={source}", f"--feature-store={store}", f"--raw={raw}"])
    made = features.build_features(spark, options)
    assert (made["rows"], made["rejected"], made["operation"]) == (200, 1, "bulk_insert")
    kept = spark.read.json(str(made["rejectedPath"])).collect()
    assert [row["reason"] for row in kept] == ["the time does not parse"]
    assert str(made["rejectedPath"]).startswith(f"{raw}/rejected/")

    # Another commit, so that the first is no longer the latest.
    source = write_csv(tmp_path / "more.csv", visits(60, cart=lambda n: n % 2 == 0))
    features.build_features(
        spark, features.arguments([f"--input={source}", f"--feature-store={store}", f"--raw={raw}"])
    )

    def train(run: str, *more: str) -> dict[str, object]:
        argv = [f"--feature-store={store}", f"--models={models}", f"--run={run}", *more]
        return training.train(spark, training.arguments(argv))

    first = train("first", f"--instant={made['instant']}")
    again = train("again", f"--instant={made['instant']}")
    latest = train("latest")
    assert first["metrics"] == again["metrics"], "the same instant gives the same metrics to the last digit"
    assert first["instant"] == made["instant"] != latest["instant"]
    metrics = first["metrics"]
    assert isinstance(metrics, dict)
    assert metrics["auc"] > 0.7
    assert metrics["trainingRows"] + metrics["heldOutRows"] == first["rows"] == 200

    folder = f"{models}/clickstream/first"
    written = json.loads(Path(f"{tmp_path}/models/clickstream/first/metrics.json").read_text())
    assert written["metrics"] == metrics
    predictions = spark.read.parquet(f"{folder}/predictions")
    table = feature_table.read(spark, f"{store}/sessions", str(made["instant"])).select(KEY, "purchased", *FEATURES)
    held_out = table.where(classification.held_out(KEY))
    model = PipelineModel.load(f"{folder}/model")
    expected = {row[KEY]: row["probability"] for row in training.score(model, held_out).collect()}
    found = {row[KEY]: row["probability"] for row in predictions.collect()}
    assert found.keys() == expected.keys()
    assert all(math.isclose(found[key], expected[key], abs_tol=1e-9) for key in found)


def test_an_input_without_one_row_that_parses_writes_no_table(spark: SparkSession, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "events.csv", [event("s", "home", "soon")])
    store = f"file:{tmp_path}/feature-store"
    options = features.arguments([f"--input={source}", f"--feature-store={store}", f"--raw=file:{tmp_path}/raw"])
    reason = r"none of its 1 rows parses: the time does not parse; the reason of each is in file:.*/raw/rejected/"
    with pytest.raises(JobError, match=reason):
        features.build_features(spark, options)
    assert not feature_table.exists(spark, f"{store}/sessions")


def test_too_few_sessions_to_train_on(spark: SparkSession, tmp_path: Path) -> None:
    store = f"file:{tmp_path}/feature-store"
    feature_table.write(batch(spark, tmp_path / "1.csv", [event("a", "home", "10:00:00")]), f"{store}/sessions", 1)
    options = training.arguments([f"--feature-store={store}", f"--models=file:{tmp_path}/models"])
    with pytest.raises(JobError, match=r"none of the .* sessions .* give the input more events"):
        training.train(spark, options)
