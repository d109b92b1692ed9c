"""Tests of a job's end, in a process of its own as on a cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from conftest import event, write_csv

JOBS = Path(__file__).parent.parent / "jobs"


def run(job: str, result: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(JOBS / f"{job}.py"), *arguments, f"--result={result}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_failure_ends_in_one_clear_line(tmp_path: Path) -> None:
    result = tmp_path / "result"
    source = write_csv(tmp_path / "events.csv", [event("s", "home", "10:00:00")], ["session_id", "event"])
    ended = run("features", result, f"--input={source}", "--feature-store=file:/none", "--raw=file:/none")
    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith(f"clickstream-features: {source}: lacks user_id, timestamp, platform")
    assert json.loads(result.read_text()) == {"error": last.removeprefix("clickstream-features: ")}
