"""End of a training: one JSON line in the termination message, and one clear line on failure."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

TERMINATION_MESSAGE = "/dev/termination-log"
"""File that Kubernetes shows as the container's termination message."""

MESSAGE_LIMIT = 4096
"""Bytes of a termination message; Kubernetes cuts what is longer."""


AGAIN = 138
"""Exit code by which the training operator starts a replica again; below 128 it ends the job (policy `ExitCode`)."""


class TrainerError(Exception):
    """A failure that its message explains in full: path, value, remedy."""


class PeerLost(Exception):
    """Another process of the training is gone; all start again from the checkpoint."""


def run(job: str, result_file: str, body: Callable[[], Mapping[str, object]]) -> None:
    """Run a training and leave its result, or its failure, where the cluster's tooling looks.

    The process ends at once, and the last line it writes is the reason: threads that a framework leaves waiting for a
    peer that is gone would keep it alive. A failure that its message explains ends the job with exit code 1; any other
    is tried again.
    """
    try:
        result = body()
    except TrainerError as error:
        _fail(job, result_file, str(error), 1)
    except Exception as error:  # noqa: BLE001 - whatever it was, its reason must be the last line
        if not isinstance(error, PeerLost):
            traceback.print_exc()
        _fail(job, result_file, f"{type(error).__name__}: {error}", AGAIN)
    else:
        line = json.dumps(result)
        leave(result_file, line)
        print(line, flush=True)
        _exit(0)


def _fail(job: str, result_file: str, reason: str, code: int) -> None:
    line = " ".join(reason.split())
    leave(result_file, json.dumps({"error": line}))
    print(f"{job}: {line}", file=sys.stderr, flush=True)
    _exit(code)


def _exit(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def leave(result_file: str, line: str) -> None:
    """Writes the result, or what of it a termination message holds."""
    # Outside a cluster there is no termination message to write, and that is no reason to fail.
    if result_file == TERMINATION_MESSAGE and not os.access(result_file, os.W_OK):
        return
    Path(result_file).write_bytes(line.encode()[:MESSAGE_LIMIT])
