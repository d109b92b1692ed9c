"""feature-drift: how far the features of a view have moved since an instant, such as the one a model was trained on."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from jobs import outcome
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mlstack_features.drift import BINS, Distribution, moved, stability_index
from mlstack_features.store import FeatureStore

JOB = "feature-drift"

_ACCURACY = 0.001
"""Error of the quantiles, as a share of the rows."""


def drift(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Compare the rows that held at an instant with those that hold now, feature by feature."""
    store = FeatureStore.of_spark(spark, options.feature_store)
    history = store.history(options.view)
    if not history:
        raise outcome.JobError(f"{options.view}: the view has no commit yet; run its job first")
    then = store.as_of(options.view, options.since)
    now = store.latest(options.view) if options.at is None else store.as_of(options.view, options.at)
    names = options.feature or _numbers(then, store.keys(options.view))
    edges = quantiles(then, names)
    before, after = counted(then, edges), counted(now, edges)
    indexes = {name: stability_index(before[name], after[name]) for name in names}
    far = moved(indexes, options.limit)
    return {
        "rows": now.count(),
        "metrics": {"features": len(names), "moved": len(far), **{f"psi.{name}": indexes[name] for name in names}},
        "moved": far,
        "since": options.since,
        "at": options.at or history[-1].time,
        "measured": datetime.now(UTC).isoformat(),
    }


def quantiles(rows: DataFrame, names: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Edges between bins of about equal shares, in one pass over all features."""
    shares = [step / BINS for step in range(1, BINS)]
    found = rows.approxQuantile(list(names), shares, _ACCURACY)
    return {name: tuple(sorted(set(edges))) for name, edges in zip(names, found, strict=True)}


def counted(rows: DataFrame, edges: Mapping[str, Sequence[float]]) -> dict[str, Distribution]:
    """Distributions of all features, in one pass: a column for each bin."""
    columns = []
    for name, inner in edges.items():
        value = F.col(name).cast("double")
        bounds = [float("-inf"), *inner, float("inf")]
        for at, (low, high) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
            inside = (value >= F.lit(low)) & (value < F.lit(high))
            columns.append(F.count(F.when(inside, 1)).alias(f"{name}/{at}"))
        columns.append(F.count(F.when(value.isNull() | F.isnan(value), 1)).alias(f"{name}/absent"))
    row = rows.agg(*columns).collect()[0]
    return {
        name: Distribution(
            tuple(inner), tuple(row[f"{name}/{at}"] for at in range(len(inner) + 1)), row[f"{name}/absent"]
        )
        for name, inner in edges.items()
    }


def _numbers(rows: DataFrame, keys: Sequence[str]) -> list[str]:
    numeric = ("bigint", "int", "double", "float")
    return [field.name for field in rows.schema if field.dataType.simpleString() in numeric and field.name not in keys]


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what the job is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--view", required=True, help="name of the view")
    parser.add_argument("--feature-store", required=True, help="URI of the bucket")
    parser.add_argument("--since", required=True, help="instant to compare with")
    parser.add_argument("--at", help="instant to compare; the rows that hold now unless given")
    parser.add_argument("--feature", action="append", help="column to compare; every number unless given")
    parser.add_argument("--limit", type=float, default=0.25, help="index above which a feature has moved")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: drift(spark, options))


if __name__ == "__main__":
    main()
