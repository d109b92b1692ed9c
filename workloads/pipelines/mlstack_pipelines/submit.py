"""Has Kubeflow Pipelines run a version of the pipeline now, and by a schedule; follows the run to its end."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Sequence

from kfp import Client

from mlstack_pipelines import store
from mlstack_pipelines.run import TERMINATION_MESSAGE, leave, parse_arguments
from mlstack_pipelines.step import StepError, reason_of


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the job's command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="name of the pipeline, of its experiment and of its runs")
    parser.add_argument("--host", required=True, help="URL of Kubeflow Pipelines' API")
    parser.add_argument("--pipeline-id", required=True, help="UID of the Pipeline")
    parser.add_argument("--version-id", required=True, help="UID of the PipelineVersion")
    parser.add_argument("--service-account", required=True, help="account of the steps' pods")
    parser.add_argument("--schedule", help="cron line of five fields for the runs that follow; none unless given")
    parser.add_argument("--record", help="URI of the record that a run that succeeded leaves, a JSON object")
    parser.add_argument("--timeout", type=int, required=True, help="seconds after which the run counts as failed")
    parser.add_argument("--argument", action="append", default=[], metavar="NAME=VALUE", help="argument of this run")
    parser.add_argument("--result", default=TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def submit(options: argparse.Namespace) -> dict[str, object]:
    """Sets the schedule, runs the version once, and tells what the run recorded."""
    client = Client(host=options.host)
    experiment = client.create_experiment(options.name).experiment_id
    schedule(client, experiment, options)
    run = client.run_pipeline(
        experiment,
        f"{options.name}-{options.version_id[:8]}",
        pipeline_id=options.pipeline_id,
        version_id=options.version_id,
        params=parse_arguments(options.argument),
        service_account=options.service_account,
    )
    ended = client.wait_for_run_completion(run.run_id, options.timeout, sleep_duration=2)
    if ended.state != "SUCCEEDED":
        reason = ended.error.message if ended.error is not None else "see its steps"
        raise StepError(f"run {run.run_id} ended as {ended.state}: {reason}")
    record = {} if options.record is None else json.loads(store.read_bytes(options.record))
    return {**record, "run": run.run_id}


def schedule(client: Client, experiment: str, options: argparse.Namespace) -> None:
    """Leaves one recurring run at most: of this version, and on the latest commit of its day."""
    for recurring in client.list_recurring_runs(experiment_id=experiment, page_size=100).recurring_runs or []:
        client.delete_recurring_run(recurring.recurring_run_id)
    if options.schedule is None:
        return
    client.create_recurring_run(
        experiment,
        options.name,
        # Kubeflow's lines begin with seconds.
        cron_expression=f"0 {options.schedule}",
        pipeline_id=options.pipeline_id,
        version_id=options.version_id,
        no_catchup=True,
        service_account=options.service_account,
    )


def main(options: argparse.Namespace) -> int:
    """Leaves the run's result, or the reason of its failure. @returns the exit code."""
    try:
        line = json.dumps(submit(options))
    except Exception as error:  # noqa: BLE001 - whatever it was, its reason must be the last line
        traceback.print_exc()
        reason = reason_of(error)
        leave(options.result, json.dumps({"error": reason}))
        print(f"{options.name}: {reason}", file=sys.stderr, flush=True)
        return 1
    leave(options.result, line)
    print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(arguments()))
