"""Pipelines run by KFP's local runner: what is retried, what is not run again, and how a run that failed goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from chain import compile_chain
from mlstack_pipelines.run import REFUSED, parse_arguments, result_of
from mlstack_pipelines.step import Report, StepError


@dataclass(frozen=True)
class Outcome:
    code: int
    last_line: str


@dataclass(frozen=True)
class Chain:
    """A folder in which a chain of steps runs and keeps its cache."""

    folder: Path
    pipeline: Path

    def run(self, **arguments: int) -> Outcome:
        given = [f"--argument={name}={value}" for name, value in arguments.items()]
        command = [
            *(sys.executable, "-m", "mlstack_pipelines.run", f"--pipeline={self.pipeline}", "--name=chain"),
            f"--cache=file://{self.folder}/cache",
            f"--result={self.folder}/result.json",
            f'--argument=folder="{self.folder}"',
            *given,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ, check=False)
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        return Outcome(done.returncode, lines[-1])

    def attempts(self) -> tuple[int, int, int]:
        first, second, third = (
            len(file.read_text()) if (file := self.folder / name).exists() else 0
            for name in ("first", "second", "third")
        )
        return first, second, third


@pytest.fixture
def chain(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    pipeline = tmp_path_factory.mktemp("compiled") / "chain.yaml"
    compile_chain(pipeline)
    return Chain(tmp_path, pipeline)


def test_steps_with_the_same_inputs_run_once(chain: Chain) -> None:
    assert chain.run().code == 0
    assert chain.attempts() == (1, 1, 1)
    again = chain.run()
    assert again.code == 0
    assert json.loads(again.last_line)["steps"] == {}
    assert chain.attempts() == (1, 1, 1)


def test_a_changed_input_runs_the_steps_that_depend_on_it(chain: Chain) -> None:
    chain.run()
    chain.run(most=50)
    assert chain.attempts() == (1, 1, 2)
    chain.run(number=7)
    assert chain.attempts() == (2, 2, 3)


def test_a_step_whose_file_is_gone_runs_again(chain: Chain) -> None:
    chain.run()
    (chain.folder / "numbers/1.txt").unlink()
    assert chain.run().code == 0
    assert chain.attempts() == (2, 1, 1)


def test_a_step_that_fails_once_is_tried_again(chain: Chain) -> None:
    assert chain.run(failures=1).code == 0
    assert chain.attempts() == (1, 2, 1)


def test_a_run_that_failed_half_way_goes_on_behind_the_last_step_that_ended(chain: Chain) -> None:
    failed = chain.run(failures=2)
    assert (failed.code, failed.last_line) == (1, "chain: step second: the store does not answer")
    assert chain.attempts() == (1, 2, 0)
    assert chain.run(failures=2).code == 0
    assert chain.attempts() == (1, 3, 1)


def test_a_refusal_is_final_and_says_why(chain: Chain) -> None:
    refused = chain.run(most=1)
    assert (refused.code, refused.last_line) == (REFUSED, "chain: step third: 2 is more than 1")
    result = json.loads((chain.folder / "result.json").read_text())
    assert result == {"error": "step third: 2 is more than 1"}


def test_the_result_adds_up_the_attempts_at_a_step() -> None:
    outputs = {
        "rows": 5,
        "held_out_rows": 1,
        "auc": 0.9,
        "pr_auc": 0.8,
        "instant": "1",
        "model": "m",
        "version": "v",
    }
    reports = [Report("train-model", 1.5, "lost"), Report("train-model", 2.0), Report("check-quality", 0.5)]
    result = result_of(outputs, reports, 10.0)
    assert result["steps"] == {"train-model": 3.5, "check-quality": 0.5}
    assert result["metrics"] == {
        "auc": 0.9,
        "prAuc": 0.8,
        "heldOutRows": 1,
        "stepSeconds": 4.0,
        "overheadSeconds": 6.0,
    }


def test_arguments_are_names_with_values_in_json() -> None:
    assert parse_arguments(["threshold=0.9", 'instant="20300101000000000"']) == {
        "threshold": 0.9,
        "instant": "20300101000000000",
    }
    with pytest.raises(StepError, match="--argument threshold: write NAME=VALUE"):
        parse_arguments(["threshold"])
