"""Each framework trains with two real processes, and goes on after one of them was killed."""

from __future__ import annotations

import importlib.util
import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainers.dataset import read_sessions
from trainers.outcome import AGAIN
from trainers.tests.processes import Replicas, wait_for_line

PACKAGES = {"pytorch": "torch", "tensorflow": "tensorflow", "xgboost": "xgboost"}
WORDS = {"pytorch": "epoch", "tensorflow": "epoch", "xgboost": "tree"}
MANY = {"pytorch": 120, "tensorflow": 120, "xgboost": 1200}


@pytest.fixture(params=sorted(PACKAGES))
def framework(request: pytest.FixtureRequest) -> str:
    """Each framework that this machine has."""
    name: str = request.param
    # Looked for, not imported: TensorFlow and PyTorch each take a second and more.
    if importlib.util.find_spec(PACKAGES[name]) is None:
        pytest.skip(f"{PACKAGES[name]} is not installed")
    return name


def replicas(framework: str, exports: Path, folder: Path, *options: str, count: int = 2) -> Replicas:
    """A training of the small data."""
    return Replicas(framework, [f"--exports={exports}", f"--models={folder / 'models'}", *options], folder, count)


def test_two_processes_train_one_model(framework: str, exports: Path, tmp_path: Path) -> None:
    training = replicas(framework, exports, tmp_path)
    assert training.wait(training.start()) == [0, 0], training.log(0) + training.log(1)
    result = training.result(0)
    assert result["processes"] == 2
    assert result["resumedFrom"] == 0
    assert result["rows"] == 2000
    assert result["metrics"]["heldOutRows"] == 400
    assert result["metrics"]["auc"] > 0.7
    assert training.result(1)["rank"] == 1
    folder = Path(result["model"])
    assert json.loads((folder / "metrics.json").read_text()) == result
    description = json.loads((folder / "model.json").read_text())
    assert all((folder / name).exists() for name in description["files"])
    assert not list(folder.glob("checkpoint-*")), "the checkpoint of a training that ended is removed"


def test_a_process_alone_trains_as_well(framework: str, exports: Path, tmp_path: Path) -> None:
    from_two = replicas(framework, exports, tmp_path)
    from_one = replicas(framework, exports, tmp_path, "--run=alone", count=1)
    assert from_two.wait(from_two.start()) == [0, 0], from_two.log(0)
    together = from_two.result(0)["metrics"]["auc"]
    assert from_one.wait(from_one.start()) == [0], from_one.log(0)
    assert abs(from_one.result(0)["metrics"]["auc"] - together) < 0.05


def test_all_go_on_from_the_checkpoint_after_a_killed_worker(framework: str, exports: Path, tmp_path: Path) -> None:
    training = replicas(framework, exports, tmp_path, f"--epochs={MANY[framework]}", "--checkpoint-every=1")
    first, second = training.start()
    wait_for_line(training, 0, f"{WORDS[framework]} 4: ")
    second.send_signal(signal.SIGKILL)
    # The one that is left notices, says so and ends: the operator starts both again.
    assert training.wait([first, second]) == [AGAIN, -signal.SIGKILL], training.log(0)[-3000:]
    assert "another process is gone" in training.result(0)["error"]
    assert training.wait(training.start()) == [0, 0], training.log(0)[-3000:]
    result = training.result(0)
    assert result["resumedFrom"] >= 3
    assert result["metrics"]["auc"] > 0.65


def test_a_process_that_leaves_late_is_waited_for(exports: Path, tmp_path: Path) -> None:
    pytest.importorskip("xgboost")
    late = (
        "import time; from xgboost import collective; leave = collective.finalize; "
        "collective.finalize = lambda: (time.sleep(5), leave())"
    )
    training = replace(replicas("xgboost", exports, tmp_path), before={1: late})
    assert training.wait(training.start(), 60) == [0, 0], training.log(1)[-3000:]
    # Before its training it may well have been there before the tracker.
    _, trained, leaving = training.log(1).rpartition("tree 150: ")
    assert trained
    assert "Failed to connect" not in leaving


def test_an_export_that_is_not_there_is_named(framework: str, exports: Path, tmp_path: Path) -> None:
    training = replicas(framework, exports, tmp_path, "--instant=1", count=1)
    assert training.wait(training.start()) == [1]
    assert training.result(0)["error"].startswith("--instant 1: no such export in")


def test_held_out_sessions_are_those_of_the_export(exports: Path) -> None:
    sessions = read_sessions(str(exports), None)
    assert (len(sessions.train_labels), len(sessions.held_out_labels)) == (1600, 400)
    assert np.allclose(sessions.train_rows[:, :3].mean(axis=0), 0, atol=1e-5)
