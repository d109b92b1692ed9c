"""A model learns from what was known when its examples began, and the same instants make the same model."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyspark")
pytest.importorskip("pyarrow")
pytest.importorskip("hudi")

from event_store import SPECS, START, Store, buyers  # noqa: E402
from jobs.errors import JobError  # noqa: E402

from mlstack_features.training import examples, parse_model, train  # noqa: E402

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DECLARED = SPECS["models"][0]
MODEL = {**DECLARED, "example": "event_id", "columns": ["events_1h", "events_1d", "purchases_1d"]}


def learn(store: Store, folder: Path, **options: str) -> dict[str, Any]:
    """Train as the job does."""
    asked = {"source_instant": None, "instant": None, "run": None, **options}
    made = argparse.Namespace(model=json.dumps(MODEL), feature_store=store.uri, models=f"file://{folder}", **asked)
    return dict(train(store.spark, made))


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Users of whom every third buys every day, and their view."""
    return buyers(spark, tmp_path_factory.mktemp("store"))


def test_an_example_begins_with_its_first_event(spark: SparkSession) -> None:
    rows = [("s", 1, START + timedelta(hours=hours), kind) for hours, kind in ((2, "purchase"), (1, "catalog"))]
    rows.append(("t", 2, START, "catalog"))
    events = spark.createDataFrame(rows, "session_id string, user_id long, timestamp timestamp, event string")
    found = examples(events, parse_model(json.dumps(DECLARED))).orderBy("session_id").collect()
    assert [(row["session_id"], row["user_id"], row["_label"]) for row in found] == [("s", 1, 1), ("t", 2, 0)]
    assert found[0]["_at"].hour == 1


def test_the_same_instants_make_the_same_model(store: Store, tmp_path: Path) -> None:
    first = learn(store, tmp_path)
    assert first["rows"] == 240
    # Who bought the day before is who buys.
    assert first["metrics"]["auc"] > 0.6
    # Late events change the view and the labels.
    store.events(*((f"late-{user}", user, 12.5, "purchase") for user in range(1, 60, 3)))
    store.run(80)
    again = learn(store, tmp_path, source_instant=first["source"], instant=first["instant"], run="again")
    assert {**again, "model": ""} == {**first, "model": ""}
    newest = learn(store, tmp_path)
    assert newest["instant"] != first["instant"]
    assert newest["metrics"] != first["metrics"]


def test_examples_of_one_kind_teach_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODEL, "positive", {"field": "event", "in": ["nothing"]})
    with pytest.raises(JobError, match="none of the training examples is positive"):
        learn(store, tmp_path)
