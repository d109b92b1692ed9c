"""The compiled pipeline that is deployed is the one that the code says, and needs nothing but its image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.clickstream import IMAGE
from pipelines.compile import COMPILED, compile_to


@pytest.fixture(scope="module")
def compiled() -> Mapping[str, Any]:
    return yaml.safe_load(COMPILED.read_text())


def test_is_up_to_date(tmp_path: Path) -> None:
    compile_to(tmp_path / "clickstream.yaml")
    assert COMPILED.read_text() == (tmp_path / "clickstream.yaml").read_text(), "run python -m pipelines.compile"


def test_steps_come_one_after_another(compiled: Mapping[str, Any]) -> None:
    tasks = compiled["root"]["dag"]["tasks"]
    after = {name: set(task.get("dependentTasks", [])) for name, task in tasks.items()}
    order: list[str] = []
    while len(order) < len(after):
        order += sorted(name for name in after if name not in order and after[name] <= set(order))
    assert order == [
        "resolve-instant",
        "read-features",
        "split-sessions",
        "train-model",
        "evaluate-model",
        "check-quality",
        "register-model",
    ]


def test_every_step_is_retried_and_kept_but_those_that_must_not(compiled: Mapping[str, Any]) -> None:
    tasks = compiled["root"]["dag"]["tasks"]
    retried = {name for name, task in tasks.items() if task.get("retryPolicy", {}).get("maxRetryCount") == 2}
    kept = {name for name, task in tasks.items() if task["cachingOptions"].get("enableCache")}
    assert retried == set(tasks) - {"check-quality"}
    assert kept == set(tasks) - {"resolve-instant"}


def test_every_parameter_has_a_default(compiled: Mapping[str, Any]) -> None:
    parameters = compiled["root"]["inputDefinitions"]["parameters"]
    assert {name: parameter.get("defaultValue") for name, parameter in parameters.items()} == {
        "feature_store": "s3a://feature-store",
        "models": "s3a://models",
        "instant": "",
        "threshold": 0.8,
        "training_job": "",
        "timeout_seconds": 1800,
    }


def test_steps_install_nothing(compiled: Mapping[str, Any]) -> None:
    for executor in compiled["deploymentSpec"]["executors"].values():
        assert executor["container"]["image"] == IMAGE
        assert "pip install" not in " ".join(executor["container"]["command"])
