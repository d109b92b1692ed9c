"""A run with two models on disk; the better one answers, over real HTTP."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from serving.models import best_of
from trainers import mlp
from trainers.encoding import fit_encoding
from trainers.outcome import TrainerError

WORKLOAD = Path(__file__).parents[2]
SESSION = {"cart_adds": 2, "start_hour": 13, "platform": "mobile"}


def leave_model(folder: Path, framework: str, auc: float, seed: int) -> list[mlp.Layer]:
    """Write a model's folder as a training does."""
    columns = {
        "cart_adds": np.array([0, 1, 4]),
        "start_hour": np.array([3, 12, 20]),
        "platform": np.array(["mobile", "desktop", "mobile"], dtype=object),
    }
    encoding = fit_encoding(columns, ["cart_adds"], ["start_hour"], ["platform"])
    layers = mlp.initial(encoding.width, seed)
    place = folder / "clickstream" / "2026" / framework
    place.mkdir(parents=True)
    (place / mlp.WEIGHTS).write_bytes(mlp.to_bytes(layers))
    description = {"framework": framework, "format": "mlp", "files": [mlp.WEIGHTS], "encoding": encoding.to_json()}
    (place / "model.json").write_text(json.dumps(description))
    (place / "metrics.json").write_text(json.dumps({"metrics": {"auc": auc}}))
    return layers


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own process on a free port."""
    folder = tmp_path_factory.mktemp("models")
    leave_model(folder, "pytorch", 0.8, seed=1)
    leave_model(folder, "tensorflow", 0.9, seed=2)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "serving.server", f"--models={folder}", "--host=127.0.0.1", f"--port={port}"]
    server = subprocess.Popen(command, cwd=WORKLOAD)
    try:
        for _ in range(600):
            assert server.poll() is None, "the server ended"
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        assert server.wait(20) in (0, -15)


def ask(address: str, path: str, body: object | None = None) -> tuple[int, dict]:
    """Status and content of an answer."""
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(address + path, data)) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def predict(address: str, body: object) -> tuple[int, dict]:
    """The answer to a prediction."""
    return ask(address, "/v1/models/clickstream:predict", body)


def test_the_better_model_answers(address: str) -> None:
    status, described = ask(address, "/v1/models/clickstream")
    assert (status, described["framework"], described["metrics"]["auc"]) == (200, "tensorflow", 0.9)
    status, answer = predict(address, {"instances": [SESSION, {**SESSION, "cart_adds": 0}]})
    assert status == 200
    first, second = answer["predictions"]
    assert 0 < first < 1
    assert first != second


def test_a_category_that_training_did_not_see_is_answered(address: str) -> None:
    status, answer = predict(address, {"instances": [{**SESSION, "platform": "watch"}]})
    assert status == 200
    assert len(answer["predictions"]) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "the body is not JSON"),
        ([], 'lacks a list "instances"'),
        ({"instances": []}, "instances: empty"),
        ({"instances": [SESSION] * 1001}, "1001 sessions; at most 1000"),
        ({"instances": [7]}, "instances[0]: not an object"),
        ({"instances": [{"platform": "mobile"}]}, "instances[0]: lacks cart_adds, start_hour"),
        ({"instances": [{**SESSION, "colour": 1}]}, "instances[0].colour: no such field"),
        ({"instances": [SESSION, {**SESSION, "cart_adds": "two"}]}, 'instances[1].cart_adds: "two"; write a number'),
        ({"instances": [{**SESSION, "cart_adds": True}]}, "instances[0].cart_adds: true; write a number"),
        ({"instances": [{**SESSION, "cart_adds": -1}]}, "instances[0].cart_adds: -1; write a number"),
        (b'{"instances": [{"cart_adds": NaN, "start_hour": 1, "platform": "a"}]}', "instances[0].cart_adds: NaN"),
        ({"instances": [{**SESSION, "platform": 3}]}, "instances[0].platform: 3; write a text"),
    ],
)
def test_a_bad_request_is_told_why(address: str, body: object, reason: str) -> None:
    status, answer = predict(address, body)
    assert status == 400
    assert reason in answer["error"]


def test_what_is_not_there_is_named(address: str) -> None:
    assert ask(address, "/v1/models/other")[0] == 404
    assert ask(address, "/v1/models/clickstream", {})[0] == 405
    assert ask(address, "/v1/models/clickstream:predict")[0] == 405
    assert ask(address, "/healthz") == (200, {"status": "alive"})


def test_a_body_that_is_too_long_is_refused(address: str) -> None:
    assert predict(address, b" " * ((1 << 20) + 1))[0] == 413


def test_the_load_is_answered_and_counted(address: str) -> None:
    command = [sys.executable, "-m", "serving.load", address, "--seconds=0.5", "--connections=2"]
    figures = json.loads(subprocess.run(command, cwd=WORKLOAD, check=True, capture_output=True).stdout)
    assert figures["requests"] > 2
    assert 0 < figures["p50Milliseconds"] <= figures["p99Milliseconds"]


def test_a_server_that_is_not_there_is_named() -> None:
    nowhere = "http://127.0.0.1:1"
    command = [sys.executable, "-m", "serving.load", nowhere]
    refused = subprocess.run(command, cwd=WORKLOAD, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{nowhere}: ")


def test_a_run_without_models_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="no model there; run clickstream-training first"):
        best_of(str(tmp_path), None)
