"""feature-view: computes a feature view from its stream's table and writes what changed.

A run reads what was written to the source since the last one, and computes the entities anew that it concerns:
those with new or late events, and those that an hour has left since. The instant that a run has got to stands
in the commit of its table, so that a killed run is run again and one that ended is not.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jobs import outcome
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mlstack_features.compute import ViewSpec, compute, parse_view
from mlstack_features.spark import SparkBackend
from mlstack_features.store import FeatureStore

JOB = "feature-view"

_NOTE = "mlstack."
_SOURCE_INSTANT = f"{_NOTE}source.instant"
_UNTIL = f"{_NOTE}until"


def run(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Bring a view up to its source."""
    view = parse_view(options.view)
    backend = SparkBackend(spark, options.feature_store)
    store = FeatureStore(backend)
    target = options.source_instant or _latest(store, view.source)
    until = _until(options.until)
    table = f"{options.feature_store}/{view.name}"
    events = backend.read(view.source, [view.entity, view.event_time, *_fields(view)], target)
    if not options.all and view.name in store.list():
        since = backend.note(view.name, _SOURCE_INSTANT)
        last = datetime.fromisoformat(backend.note(view.name, _UNTIL))
        concerned = _concerned(backend, view, events, Span(since, target, last, until))
        events = events.join(concerned, view.entity, "left_semi")
    rows = compute(events, view, until).persist(StorageLevel.MEMORY_AND_DISK)
    written = rows.count()
    if written:
        upsert(rows, table, view, {_SOURCE_INSTANT: target, _UNTIL: until.isoformat()})
    rows.unpersist()
    return {"rows": written, "metrics": {}, "instant": _latest(store, view.name), "source": target}


def upsert(rows: DataFrame, table: str, view: ViewSpec, notes: dict[str, str]) -> None:
    """Write rows over those of the same keys."""
    options = {
        "hoodie.table.name": view.name,
        "hoodie.datasource.write.operation": "upsert",
        "hoodie.write.set.null.for.missing.columns": "true",
        "hoodie.datasource.write.commitmeta.key.prefix": _NOTE,
        **view.hudi,
        **notes,
    }
    rows.write.format("hudi").options(**options).mode("append").save(table)


@dataclass(frozen=True)
class Span:
    """What lies between two runs: instants of the source, and times of events."""

    since: str
    target: str
    last: datetime
    until: datetime


def _concerned(backend: SparkBackend, view: ViewSpec, events: DataFrame, span: Span) -> DataFrame:
    """Entities whose rows change: they have events that are new, or events that leave a window by now."""
    time = F.col(view.event_time)

    def between(start: datetime, end: datetime) -> DataFrame:
        return events.where((time >= F.lit(start)) & (time < F.lit(end))).select(view.entity)

    # Events that lay in the future of the last run are new to this one.
    changed = between(span.last, span.until)
    if span.since != span.target:
        changed = changed.unionByName(backend.changes(view.source, [view.entity], span.since, span.target))
    for length in view.hours:
        # An hour leaves at its end, `length` hours later; one more hour covers those under way.
        window = timedelta(hours=length)
        changed = changed.unionByName(between(span.last - window - timedelta(hours=2), span.until - window))
    return changed.distinct()


def _fields(view: ViewSpec) -> list[str]:
    named = {feature.of for feature in view.features} | {where[0] for each in view.features if (where := each.where)}
    return sorted(name for name in named if name is not None and name not in (view.entity, view.event_time))


def _latest(store: FeatureStore[DataFrame], name: str) -> str:
    instants = store.history(name)
    if not instants:
        raise outcome.JobError(f"{name}: the table has no commit yet; run the job that writes it first")
    return instants[-1].time


def _until(text: str | None) -> datetime:
    now = datetime.now(UTC) if text is None else datetime.fromisoformat(text)
    return now.replace(minute=0, second=0, microsecond=0)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what the job is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--view", required=True, help="the feature view as JSON")
    parser.add_argument("--feature-store", required=True, help="URI of the bucket with source and view")
    parser.add_argument("--source-instant", help="commit of the source to read up to; the latest unless given")
    parser.add_argument("--until", help="ISO time up to which events count, to the hour; now unless given")
    parser.add_argument("--all", action="store_true", help="compute every entity anew")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: run(spark, options))


if __name__ == "__main__":
    main()
