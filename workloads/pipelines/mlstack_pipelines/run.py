"""Runs a compiled pipeline to its end in this pod, with KFP's local runner; see `submit` for one that Kubeflow runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlstack_pipelines.step import REPORT, Report, StepError, read_reports, reason_of

TERMINATION_MESSAGE = "/dev/termination-log"
"""File that Kubernetes shows as the container's termination message."""

MESSAGE_LIMIT = 4096
"""Bytes of a termination message; Kubernetes cuts what is longer."""

REFUSED = 3
"""Exit code of a failure that another pod would end in as well; the Job does not try again."""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the job's command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="pipeline", help="name of the job, which its last line begins with")
    parser.add_argument("--pipeline", type=Path, help="file of the compiled pipeline")
    parser.add_argument("--cache", required=True, help="URI of the folder that keeps the outputs of steps")
    parser.add_argument(
        "--argument",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="argument of the pipeline, its value as JSON; the pipeline's default unless given",
    )
    parser.add_argument("--result", default=TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def parse_arguments(pairs: Sequence[str]) -> dict[str, object]:
    """Arguments of the pipeline, from such as `threshold=0.9` or `instant="20300101000000000"`."""
    found: dict[str, object] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        try:
            found[name] = json.loads(value)
        except ValueError as error:
            raise StepError(f"--argument {pair}: write NAME=VALUE with the value as JSON") from error
        if not separator or not name.isidentifier():
            raise StepError(f"--argument {pair}: write NAME=VALUE with the value as JSON")
    return found


def run_here(pipeline: Path, given: Mapping[str, object], cache_uri: str) -> Mapping[str, object]:
    """Runs the pipeline with KFP's local runner. @returns its outputs by name."""
    import warnings

    from kfp import components, local

    from mlstack_pipelines import step_cache

    # The runner warns of what only a cluster's pods heed: resources, and an image that is not called python.
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"kfp\.local")
    warnings.filterwarnings("ignore", message=".*have no effect in the current local runner.*")
    step_cache.keep_in(cache_uri)
    root = tempfile.mkdtemp(prefix="pipeline-")
    local.init(
        # The image has every package that a step needs.
        runner=local.SubprocessRunner(use_venv=False),
        pipeline_root=root,
        enable_caching=True,
    )
    task = components.load_component_from_file(str(pipeline))(**given)
    return dict(task.outputs)


def result_of(outputs: Mapping[str, object], reports: Sequence[Report], seconds: float) -> dict[str, object]:
    """Result of the job: the pipeline's outputs, numbers as metrics, and the seconds of each step.

    An output `rows` is the number of rows that it worked on.
    """
    steps: dict[str, float] = {}
    for report in reports:
        steps[report.step] = round(steps.get(report.step, 0) + report.seconds, 3)
    working = sum(steps.values())
    numbers = {name: value for name, value in outputs.items() if isinstance(value, (int, float)) and name != "rows"}
    return {
        **({"rows": int(str(outputs["rows"]))} if "rows" in outputs else {}),
        "metrics": {
            **{_camel(name): value for name, value in numbers.items() if not isinstance(value, bool)},
            "stepSeconds": round(working, 3),
            "overheadSeconds": round(seconds - working, 3),
        },
        **{name: value for name, value in outputs.items() if isinstance(value, (str, bool))},
        # Steps that are not named here had run before, with the same inputs.
        "steps": steps,
    }


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.title() for part in others)


def leave(result_file: str, line: str) -> None:
    """Writes the result, or what of it a termination message holds."""
    # Outside a cluster there is no termination message to write, and that is no reason to fail.
    if result_file == TERMINATION_MESSAGE and not os.access(result_file, os.W_OK):
        return
    Path(result_file).write_bytes(line.encode()[:MESSAGE_LIMIT])


def run(options: argparse.Namespace, started: float) -> int:
    """Runs the pipeline, and leaves its result or the reason of its failure. @returns the exit code."""
    report_file = Path(tempfile.mkdtemp(prefix="report-")) / "steps.jsonl"
    os.environ[REPORT] = str(report_file)
    try:
        outputs = run_here(options.pipeline, parse_arguments(options.argument), options.cache)
        line = json.dumps(result_of(outputs, read_reports(report_file), time.time() - started))
    except Exception as error:  # noqa: BLE001 - whatever it was, its reason must be the last line
        last = next(iter(read_reports(report_file)[-1:]), None)
        if last is not None and last.error is not None:
            reason, code = f"step {last.step}: {last.error}", REFUSED if last.refused else 1
        else:
            traceback.print_exc()
            reason, code = reason_of(error), 1
        leave(options.result, json.dumps({"error": reason}))
        sys.stdout.flush()
        print(f"{options.name}: {reason}", file=sys.stderr, flush=True)
        return code
    leave(options.result, line)
    print(line, flush=True)
    return 0


def process_start() -> float:
    """When this process began, in seconds since the epoch: what Python and KFP take to load counts as well."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    up = float(Path("/proc/uptime").read_text().split()[0])
    return time.time() - (up - ticks / os.sysconf("SC_CLK_TCK"))


if __name__ == "__main__":
    sys.exit(run(arguments(), process_start()))
