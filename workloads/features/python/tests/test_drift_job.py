"""The job that looks for drift, on real tables and a real model; the cluster's test sees what it starts there."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyspark")
pytest.importorskip("pyarrow")
pytest.importorskip("hudi")
pytest.importorskip("kubernetes")

from event_store import SPECS, Store, buyers  # noqa: E402
from jobs.errors import JobError  # noqa: E402
from prometheus_client import generate_latest  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402

from mlstack_features.drift import Distribution, Limits  # noqa: E402
from mlstack_features.drift_job import Measured, drift, metrics  # noqa: E402
from mlstack_features.drift_report import drift_rows, latest_report  # noqa: E402
from mlstack_features.reference import FILE, Reference, latest_version, read_reference  # noqa: E402
from mlstack_features.store import FeatureStoreError  # noqa: E402
from mlstack_features.training import train  # noqa: E402

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MODEL = {**SPECS["models"][0], "example": "event_id", "columns": ["events_1h", "events_1d", "purchases_1d"]}
LIMITS = {"limit": 0.25, "limits": {}, "windowHours": 24 * 7, "leastExamples": 100}

Look = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Users of whom every third buys every day."""
    return buyers(spark, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def models(store: Store, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A bucket with one version of the model."""
    uri = f"file://{tmp_path_factory.mktemp('models')}"
    options = {"source_instant": None, "instant": None, "run": None}
    train(store.spark, argparse.Namespace(model=json.dumps(MODEL), feature_store=store.uri, models=uri, **options))
    return uri


@pytest.fixture(scope="module")
def look(store: Store, models: str) -> Look:
    """Looks for drift, and starts nothing."""

    def run(**limits: object) -> dict[str, Any]:
        options = argparse.Namespace(
            model=json.dumps(MODEL),
            drift=json.dumps({**LIMITS, **limits}),
            feature_store=store.uri,
            models=models,
            retraining=None,
        )
        return dict(drift(store.spark, options))

    return run


def test_a_training_leaves_what_it_saw_beside_the_model(spark: SparkSession, models: str) -> None:
    folder = f"{models}/{MODEL['name']}"
    version = latest_version(spark, folder)
    assert version is not None
    reference = read_reference(spark, version)
    assert version == f"{folder}/{reference.instant}"
    assert set(reference.distributions) == {*MODEL["columns"], "score"}
    assert {each.total for each in reference.distributions.values()} == {reference.rows} == {240}
    # A run with a name is an experiment, and no version.
    experiment = Path(folder.removeprefix("file://")) / "zzz"
    experiment.mkdir()
    (experiment / FILE).write_text("{}")
    assert latest_version(spark, folder) == version


def test_the_same_examples_have_not_moved(look: Look, models: str) -> None:
    found = look()
    assert found["rows"] == 240
    assert found["metrics"] == {"psi": 0, "passed": 0}
    assert found["message"].startswith("no drift")
    about, *rows = drift_rows(latest_report(models, MODEL["name"]))
    assert about["column"] == "240 examples"
    assert {row["column"]: row["psi"] for row in rows} == dict.fromkeys([*MODEL["columns"], "score"], "0.000")


def test_few_examples_say_nothing(look: Look) -> None:
    # The last 10 minutes of the last day are those of ten users.
    found = look(windowHours=1, leastExamples=241)
    assert "too few to tell" in found["message"]
    assert found["rows"] < 240


def test_what_has_moved_is_told_the_farthest_first(store: Store, look: Look, models: str) -> None:
    # Everybody has begun to buy, every hour.
    store.events(
        *((f"more-{user}-{n}", user, 72 + n + user / 600, "purchase") for user in range(60) for n in range(10))
    )
    store.run(96)
    found = look(limits={"score": 1000.0})
    assert found["metrics"]["passed"] > 0
    assert "purchases_1d" in found["message"]
    assert "score" not in found["message"]
    report = latest_report(models, MODEL["name"])
    assert report["passed"] == [name for name in report["passed"] if report["indexes"][name]["psi"] > 0.25]
    assert report["indexes"]["score"]["limit"] == 1000
    (row,) = (row for row in drift_rows(report) if row["column"] == "purchases_1d")
    assert row[""] == "passed"


def test_a_model_that_was_never_trained_has_nothing_to_compare_with(
    look: Look, monkeypatch: pytest.MonkeyPatch, models: str
) -> None:
    monkeypatch.setitem(MODEL, "name", "nobody")
    with pytest.raises(JobError, match="train it first"):
        look()
    with pytest.raises(FeatureStoreError, match="nobody has looked for drift yet"):
        latest_report(models, "nobody")


def test_prometheus_is_told_the_index_and_the_limit_of_each_column() -> None:
    same = Distribution((0.5,), (1, 1))
    reference = Reference("1", "1", "2026-01-01T00:00:00+00:00", 2, {"a": same, "score": same})
    measured = Measured(reference, "2", 7, {"a": 0.5, "score": 0.1})
    text = generate_latest(metrics("m", measured, Limits(0.25, {"score": 2.0}), datetime(2026, 1, 2, tzinfo=UTC)))
    found = {
        (sample.name, sample.labels.get("column")): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.labels["model"] == "m"
    }
    assert found[("mlstack_drift_psi", "a")] == 0.5
    assert found[("mlstack_drift_limit", "score")] == 2
    assert found[("mlstack_drift_examples", None)] == 7
    assert found[("mlstack_drift_measured_timestamp_seconds", None)] == 1767312000
