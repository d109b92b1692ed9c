"""Tests of single steps, on small files."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlstack_pipelines.spark_application import application
from mlstack_pipelines.step import Refused, StepError
from pipelines import features, registry, training

HELD_OUT = Path(__file__).with_name("held_out.json")
"""Sessions, and whether Spark holds them out; the tests of the jobs ask Spark itself."""


def sessions(folder: Path, labels: int = 2) -> str:
    ids = [f"s{number}" for number in range(200)]
    table = pa.table({"session_id": ids, "purchased": [number % labels for number in range(200)]})
    pq.write_table(table, folder / "sessions.parquet")
    return f"file://{folder}/sessions.parquet"


def test_a_session_is_held_out_when_spark_holds_it_out() -> None:
    expected = json.loads(HELD_OUT.read_text())
    assert {session: features.is_held_out(session) for session in expected} == expected
    assert {True, False} == set(expected.values())


def test_the_split_loses_no_session_and_doubles_none(tmp_path: Path) -> None:
    split = features.split_sessions(sessions(tmp_path))
    trained = features.read_table(split.training)["session_id"].to_pylist()
    held_out = features.read_table(split.held_out)["session_id"].to_pylist()
    assert sorted(trained + held_out) == sorted(f"s{number}" for number in range(200))
    assert (len(trained), len(held_out)) == (split.training_rows, split.held_out_rows)
    assert 20 <= len(held_out) <= 60


def test_a_split_with_one_label_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="training sessions are not of both labels; give the input more events"):
        features.split_sessions(sessions(tmp_path, labels=1))


def test_the_evaluation_counts_labels_by_score(tmp_path: Path) -> None:
    folder = tmp_path / "predictions"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    table = pa.table({"score": [0.1, 0.4, 0.4, 0.9], "purchased": pa.array([0, 0, 1, 1], pa.int32())})
    pq.write_table(table, folder / "part-0.parquet")
    evaluation = training.evaluate_model(f"file://{folder}")
    # The scores order three of the four pairs of a buyer and another session correctly; one pair is a tie.
    assert evaluation == (0.875, pytest.approx(5 / 6), 0.5, 4)


def test_the_gate_names_metric_and_threshold() -> None:
    assert training.check_quality(0.8, 0.8) == 0.8
    with pytest.raises(Refused, match=r"AUC 0\.7999 is below the threshold 0\.8: the model is not registered"):
        training.check_quality(0.7999, 0.8)


def test_a_registered_model_is_the_latest(tmp_path: Path) -> None:
    folder = f"file://{tmp_path}"
    one = registry.register_model(folder, "models/one", "1", {"auc": 0.9})
    other = registry.register_model(folder, "models/two", "1", {"auc": 0.8})
    assert one.version != other.version
    latest = json.loads((tmp_path / "registered/latest.json").read_text())
    assert (latest["version"], latest["model"]) == (other.version, "models/two")
    assert json.loads(Path(one.record.removeprefix("file://")).read_text())["metrics"] == {"auc": 0.9}


def test_an_application_is_named_by_what_it_does() -> None:
    template = json.dumps({"metadata": {"name": "fit", "namespace": "ml"}, "spec": {"image": "a"}})
    one = application(template, ["--training=x"])
    assert one.name == application(template, ["--training=x"]).name
    assert one.name != application(template, ["--training=y"]).name
    assert one.name != application(template.replace('"a"', '"b"'), ["--training=x"]).name
    assert one.name.startswith("fit-")
    assert one.body["metadata"] == {"name": one.name, "namespace": "ml"}
    assert one.body["spec"] == {"image": "a", "arguments": ["--training=x"]}


def test_a_pipeline_without_a_training_says_what_to_give() -> None:
    with pytest.raises(StepError, match="no SparkApplication is given"):
        application("", [])
