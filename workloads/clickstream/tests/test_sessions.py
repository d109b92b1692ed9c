"""Features: what a session did before it bought, and nothing that knows whether it did."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from conftest import event, features_of, write_csv
from jobs.sessions import CHECKOUT, FEATURES, LABEL, ORDERING, PURCHASE

VISIT = [
    event("s", "home", "10:00:00"),
    event("s", "search", "10:00:30"),
    event("s", "product_view", "10:01:00"),
    event("s", "product_view", "10:02:00"),
    event("s", "add_to_cart", "10:03:00"),
    event("s", "cart", "10:05:00"),
]


def features(spark: SparkSession, path: Path, rows: list[dict[str, str]]) -> dict[str, object]:
    row = features_of(spark, write_csv(path, rows))["s"]
    return {name: row[name] for name in FEATURES}


def test_one_row_a_session(spark: SparkSession, tmp_path: Path) -> None:
    other = event("t", "home", "12:00:00", acquisition_channel="social")
    rows = features_of(spark, write_csv(tmp_path / "events.csv", [*VISIT, other]))
    assert set(rows) == {"s", "t"}
    visit = rows["s"]
    assert (visit["actions"], visit["distinct_pages"], visit["product_views"]) == (6, 5, 2)
    assert (visit["duration_s"], visit["seconds_per_action"], visit["seconds_since_cart"]) == (300, 60.0, 120)
    assert (visit["cart_adds"], visit["cart_rate"], visit["carted"]) == (1, 0.5, 1)
    assert (visit["searches"], visit["searched"]) == (1, 1)
    assert (visit["start_hour"], visit["start_weekday"]) == (10, 4)
    assert (visit["channel"], visit["cohort"], visit[LABEL]) == ("email", "2024-04", 0)
    assert (rows["t"]["channel"], rows["t"]["duration_s"], rows["t"]["seconds_per_action"]) == ("social", 0, 0.0)


def test_a_purchase_and_what_follows_change_the_label_alone(spark: SparkSession, tmp_path: Path) -> None:
    without = features(spark, tmp_path / "without.csv", VISIT)
    after = [event("s", name, "10:20:00") for name in ("product_view", "search", "add_to_cart")]
    bought = [*VISIT, event("s", PURCHASE, "10:10:00"), *after, event("s", PURCHASE, "10:30:00")]
    path = write_csv(tmp_path / "bought.csv", bought)
    row = features_of(spark, path)["s"]
    assert {name: row[name] for name in FEATURES} == without
    assert row[LABEL] == 1
    assert str(row[ORDERING]) == "2024-05-01 10:30:00"


def test_an_event_at_the_second_of_the_purchase_is_no_feature(spark: SparkSession, tmp_path: Path) -> None:
    bought = [*VISIT, event("s", PURCHASE, "10:10:00")]
    tied = [*bought, event("s", "search", "10:10:00")]
    assert features(spark, tmp_path / "a.csv", bought) == features(spark, tmp_path / "b.csv", tied)


def test_steps_of_the_checkout_are_no_feature(spark: SparkSession, tmp_path: Path) -> None:
    begun = [*VISIT, *(event("s", name, "10:06:00") for name in CHECKOUT)]
    assert features(spark, tmp_path / "a.csv", VISIT) == features(spark, tmp_path / "b.csv", begun)


def test_what_knows_the_label_is_not_among_the_features() -> None:
    assert not {LABEL, ORDERING, "purchased_at", "session_id", "user_id"} & set(FEATURES)


def test_a_session_that_begins_with_its_purchase_has_done_nothing(spark: SparkSession, tmp_path: Path) -> None:
    row = features(spark, tmp_path / "events.csv", [event("s", PURCHASE, "10:00:00"), event("s", "home", "10:01:00")])
    assert (row["actions"], row["distinct_pages"], row["duration_s"], row["cart_rate"]) == (0, 0, 0, 0.0)


def test_late_events_and_their_order_in_the_file_change_nothing(spark: SparkSession, tmp_path: Path) -> None:
    rows = [*VISIT, event("s", PURCHASE, "10:10:00")]
    assert features(spark, tmp_path / "a.csv", rows) == features(spark, tmp_path / "b.csv", rows[::-1])
