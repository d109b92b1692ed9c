"""End of a job: one JSON line in the termination message, and one clear line on failure."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.errors import JobError

TERMINATION_MESSAGE = "/dev/termination-log"
"""File that Kubernetes shows as the container's termination message."""

MESSAGE_LIMIT = 4096
"""Bytes of a termination message; Kubernetes cuts what is longer."""


def run(job: str, result_file: str, body: Callable[[SparkSession], Mapping[str, object]]) -> None:
    """Run a job in a Spark session of its own and leave its result, or its failure, where the cluster's tooling looks.

    The process ends with exit code 1 on failure, unless no restart mends it, and the last line it writes is the reason.
    """
    spark = SparkSession.builder.appName(job).getOrCreate()
    failure: str | None = None
    exit_code = 1
    try:
        line = json.dumps(body(spark))
    except JobError as error:
        failure, exit_code = " ".join(str(error).split()), error.exit_code
    except Exception as error:  # noqa: BLE001 - whatever it was, its reason must be the last line
        traceback.print_exc()
        failure = reason_of(error)
    spark.stop()
    if failure is None:
        _leave(result_file, line)
        print(line, flush=True)
        return
    _leave(result_file, json.dumps({"error": failure}))
    sys.stdout.flush()
    print(f"{job}: {failure}", file=sys.stderr, flush=True)
    sys.exit(exit_code)


def reason_of(error: BaseException) -> str:
    """The innermost cause of an error in one line; Spark nests the one that matters several levels deep."""
    if isinstance(error, Py4JJavaError):
        cause = error.java_exception
        while cause.getCause() is not None:
            cause = cause.getCause()
        text = cause.toString()
    elif isinstance(error, PySparkException):
        text = str(error)
    else:
        text = f"{type(error).__name__}: {error}"
    return (text or type(error).__name__).strip().splitlines()[0]


def _leave(result_file: str, line: str) -> None:
    # Outside a cluster there is no termination message to write, and that is no reason to fail.
    if result_file == TERMINATION_MESSAGE and not os.access(result_file, os.W_OK):
        return
    Path(result_file).write_bytes(line.encode()[:MESSAGE_LIMIT])
