"""clickstream-features: reads click-stream events and writes one row a session to the feature store."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from pyspark.sql import SparkSession

from jobs import events, feature_table, outcome
from jobs.errors import JobError
from jobs.input_file import ENCODINGS, FORMATS
from jobs.sessions import sessions
from jobs.table_lock import writing

JOB = "clickstream-features"

BUILT_IN = "/opt/mlstack/data/ecom.csv.gz"
"""The data set that the image has."""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the job's command line."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--input", default=BUILT_IN, help="file or folder of events: local path or bucket URI")
    parser.add_argument("--format", help=f"{', '.join(FORMATS)}; told from the extension unless given")
    parser.add_argument("--encoding", choices=ENCODINGS, help="encoding of CSV that is not UTF-8")
    parser.add_argument("--column", action="append", default=[], metavar="FIELD=COLUMN", help="column of a field")
    parser.add_argument("--feature-store", required=True, help="URI of the bucket that holds the table `sessions`")
    parser.add_argument("--raw", required=True, help="URI of the bucket that takes rejected rows")
    parser.add_argument("--parallelism", type=int, default=1, help="tasks that write files; each writes a file")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def build_features(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Read, parse and count the events, keep the rejected rows, and write the sessions of the rest."""
    columns = events.parse_mapping(options.column)
    parsed = events.parse(events.read(spark, options.input, options.format, columns, options.encoding)).cache()
    with events.reading(options.input):
        counts = events.count(parsed)
    result: dict[str, object] = {
        "rows": 0,
        "events": counts.events,
        "duplicates": counts.duplicates,
        "rejected": counts.rejected,
    }
    if counts.events == 0:
        raise JobError(f"{options.input}: holds no rows; an input needs at least one event")
    if counts.rejected:
        kept = f"{options.raw}/rejected/{JOB}/{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
        events.rejected(parsed).coalesce(1).write.json(kept)
        result["rejectedPath"] = kept
        if counts.rejected == counts.events:
            reason = events.main_reason(parsed)
            raise JobError(
                f"{options.input}: none of its {counts.events} rows parses: {reason}; the reason of each is in {kept}"
            )
    table = f"{options.feature_store}/sessions"
    with writing(table, JOB):
        batch = sessions(feature_table.with_earlier(events.accepted(parsed), table))
        commit = feature_table.write(batch, table, options.parallelism)
    return {
        **result,
        "rows": commit.rows,
        "inserts": commit.inserts,
        "updates": commit.updates,
        "instant": commit.instant,
        "operation": commit.operation,
    }


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: build_features(spark, options))


if __name__ == "__main__":
    main()
