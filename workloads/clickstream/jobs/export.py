"""clickstream-export: the feature table as of an instant, as plain Parquet for frameworks that do not read Hudi."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import feature_table, outcome
from jobs.classification import held_out
from jobs.hadoop_file import write_text
from jobs.sessions import CATEGORIES, COUNTS, DURATIONS, FEATURES, KEY, LABEL

JOB = "clickstream-export"

HELD_OUT = "held_out"


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the job's command line."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--feature-store", required=True, help="URI of the bucket that holds the table `sessions`")
    parser.add_argument("--instant", help="commit to read the table as of; the latest unless given")
    parser.add_argument("--files", type=int, default=1, help="files that the export is written to")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def export(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Write the sessions with what a model may see, and beside them which column means what.

    Whether a session is held out is a column: everyone measures on the same ones that Spark's training does.
    """
    path = f"{options.feature_store}/sessions"
    instant = feature_table.resolve_instant(spark, path, options.instant)
    rows = feature_table.read(spark, path, instant)
    table = rows.select(KEY, LABEL, *FEATURES, held_out(KEY).alias(HELD_OUT)).cache()
    folder = f"{options.feature_store}/exports/{instant}"
    table.coalesce(options.files).write.mode("overwrite").parquet(f"{folder}/sessions")
    # Last, since a reader takes it to say that the rest is there.
    write_text(spark, f"{folder}/features.json", json.dumps(layout(), indent=2) + "\n")
    held = table.where(F.col(HELD_OUT)).count()
    return {"rows": table.count(), "metrics": {"heldOutRows": held}, "instant": instant, "export": folder}


def layout() -> dict[str, object]:
    """Columns of an export by meaning; those in `scaled` are counts and durations, of which models take logarithms."""
    scaled = [*COUNTS, *DURATIONS]
    return {
        "key": KEY,
        "label": LABEL,
        "heldOut": HELD_OUT,
        "scaled": scaled,
        "plain": [name for name in FEATURES if name not in {*scaled, *CATEGORIES}],
        "categories": list(CATEGORIES),
    }


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: export(spark, options))


if __name__ == "__main__":
    main()
