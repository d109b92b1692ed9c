"""Reports of steps beside their outputs: the duration of each, and the reason of a failure in one line."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

REPORT = "MLSTACK_STEP_REPORT"
"""Variable that names the file to which steps report; unset where nobody reads it."""


class StepError(Exception):
    """A failure that its message explains in full: path, value, remedy."""


class Refused(StepError):
    """A failure that another attempt ends in as well."""


@dataclass(frozen=True)
class Report:
    """Report of one attempt at a step."""

    step: str
    seconds: float
    error: str | None = None
    refused: bool = False


@contextmanager
def reported(step: str) -> Iterator[None]:
    """Times what a step does, and reports it."""
    start = time.monotonic()

    def note(error: BaseException | None = None) -> None:
        reason = None if error is None else reason_of(error)
        _append(Report(step, round(time.monotonic() - start, 3), reason, isinstance(error, Refused)))

    try:
        yield
    except BaseException as error:
        note(error)
        raise
    note()


def reason_of(error: BaseException) -> str:
    """An error in one line."""
    text = str(error) if isinstance(error, StepError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def read_reports(file: Path) -> list[Report]:
    """All attempts, in the order in which they ended."""
    if not file.exists():
        return []
    return [Report(**json.loads(line)) for line in file.read_text().splitlines()]


def _append(report: Report) -> None:
    file = os.environ.get(REPORT)
    if file is not None:
        with Path(file).open("a") as lines:
            lines.write(json.dumps(asdict(report)) + "\n")
