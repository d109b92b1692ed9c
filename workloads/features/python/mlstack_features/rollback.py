"""feature-rollback: brings a view back to what it was at an instant, as new commits; the history stays."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

from jobs import outcome
from jobs.table_layout import with_key_of_table
from jobs.table_lock import writing
from pyspark.sql import SparkSession

from mlstack_features.compute import ViewSpec, parse_view
from mlstack_features.job import DECLARATION, SOURCE_INSTANT, UNTIL, delete, upsert
from mlstack_features.spark import SparkBackend
from mlstack_features.store import FeatureStore

JOB = "feature-rollback"


def rollback(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Write the rows of an instant again, and delete those that came after it."""
    view = parse_view(options.view)
    with writing(f"{options.feature_store}/{view.name}", JOB):
        return _rollback(spark, view, options)


def _rollback(spark: SparkSession, view: ViewSpec, options: argparse.Namespace) -> dict[str, object]:
    backend = SparkBackend(spark, options.feature_store)
    store = FeatureStore(backend)
    table = f"{options.feature_store}/{view.name}"
    view = replace(view, hudi=with_key_of_table(spark, table, view.hudi))
    before = store.as_of(view.name, options.instant).cache()
    now = store.as_of(view.name, store.history(view.name)[-1].time)
    keys = list(backend.keys(view.name))
    later = now.join(before, keys, "left_anti")
    # The view's progress at that instant, so that the next run computes all later changes again.
    notes = {key: backend.noted(view.name, key, options.instant) or "" for key in (SOURCE_INSTANT, UNTIL, DECLARATION)}
    removed = later.count()
    if removed:
        delete(later, table, view, {})
    restored = before.count()
    if restored:
        upsert(before, table, view, notes)
    return {
        "rows": restored,
        "metrics": {"restored": restored, "removed": removed},
        "instant": store.history(view.name)[-1].time,
    }


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what the job is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--view", required=True, help="the feature view as JSON")
    parser.add_argument("--feature-store", required=True, help="URI of the bucket")
    parser.add_argument("--instant", required=True, help="commit to go back to")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: rollback(spark, options))


if __name__ == "__main__":
    main()
