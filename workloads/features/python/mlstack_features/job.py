"""feature-view: computes a feature view from its stream's table and writes what changed.

A run compares the source with what it was at the last run, and computes the entities anew that it concerns: those with
events that are new, late, corrected or deleted, and those that an hour has left since; where windows trail, from the
first hour on that differs, so that a run reads the days of that hour and of the longest window before it. Of their rows
it writes those that differ from the table's, and deletes those that are no longer computed. The instant that a run has
got to stands in the commit of its table, so that a killed run is run again and one that ended is not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from jobs import outcome
from jobs.errors import JobError
from jobs.jvm import located
from jobs.table_layout import RECORD_KEY, require_layout, with_key_of_table
from jobs.table_lock import writing
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from mlstack_features.compute import PARTITION, ViewSpec, compute, known_time, parse_view
from mlstack_features.spark import SparkBackend
from mlstack_features.store import KEY_END, VALID_FROM, FeatureStore

JOB = "feature-view"

EVENT_DATE = "event_date"
"""Column that an events table is partitioned by: the day of the event's time, in UTC."""

_NOTE = "mlstack."
SOURCE_INSTANT = f"{_NOTE}source.instant"
UNTIL = f"{_NOTE}until"
DECLARATION = f"{_NOTE}declaration"
"""Names the declaration that rows were computed by."""
ERASED = f"{_NOTE}erased"
"""Note with the number of rows that a commit has erased, such as those of a person."""


def run(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Bring a view up to its source: write the rows that differ, and delete those that are no longer computed."""
    view = parse_view(options.view)
    start = time.monotonic()
    with writing(f"{options.feature_store}/{view.name}", JOB):
        result = _run(spark, view, options)
    metrics = {"removed": result.removed, "seconds": round(time.monotonic() - start, 2)}
    return {"rows": result.written, "metrics": metrics, "instant": result.instant, "source": result.source}


@dataclass(frozen=True)
class Result:
    """A run's result on a view's table."""

    written: int
    removed: int
    instant: str
    """Instant of the view's last commit; empty where there is none yet."""
    source: str
    """Instant of the events that were read."""


def _run(spark: SparkSession, view: ViewSpec, options: argparse.Namespace) -> Result:
    backend = SparkBackend(spark, options.feature_store)
    store = FeatureStore(backend)
    table = f"{options.feature_store}/{view.name}"
    if options.rebuild:
        path, system = located(spark, table)
        system.delete(path, True)
    view = replace(view, hudi=with_key_of_table(spark, table, view.hudi))
    require_layout(spark, table, view.hudi, f"run `npm run features -- rebuild {view.name}`")
    target = options.source_instant or _latest(store, view.source)
    if options.source_instant and backend.noted_after(view.source, ERASED, options.source_instant):
        # A run pinned to an earlier instant must not bring back rows that were erased after it.
        target = _latest(store, view.source)
    until = _until(options.until)
    events = backend.read(view.source, None, target)
    present = backend.read(view.name, None, None) if backend.has_commits(view.name) else None
    since = None if options.all or present is None else _reached(backend, store, view)
    declaration = declaration_of(options.view)
    if present is not None and backend.noted(view.name, DECLARATION) != declaration:
        # Features that were added, or are computed in another way: every row has to be computed again.
        since = None
    after = None
    if present is not None and since is not None:
        span = Span(since.source, target, since.until, until)
        concerned = _concerned(backend, view, events, span)
        after = concerned.after
        if after is not None:
            events = _from_day(view, events, after - timedelta(hours=max(view.hours)))
            present = _rows_after(view, present, after)
        events = events.join(concerned.entities, view.entity, "left_semi")
        present = present.join(concerned.entities, view.entity, "left_semi")
    rows = compute(events, view, until, after).persist(StorageLevel.MEMORY_AND_DISK)
    _require_keys_that_end(rows, table, view)
    notes = {SOURCE_INSTANT: target, UNTIL: until.isoformat(), DECLARATION: declaration}
    written, removed = _write_difference(rows, present, table, view, notes)
    spark.catalog.clearCache()
    # A stream of less than an hour has no row yet, and so no table.
    instant = _latest(store, view.name) if backend.has_commits(view.name) else ""
    return Result(written, removed, instant, target)


def _write_difference(
    rows: DataFrame, present: DataFrame | None, table: str, view: ViewSpec, notes: dict[str, str]
) -> tuple[int, int]:
    """Make the table's rows of the entities concerned those that were computed; how many were written and deleted."""
    if present is None:
        written = rows.count()
        if written:
            upsert(rows, table, view, notes)
        return written, 0
    _require_types(rows, present, table, view)
    present = present.persist(StorageLevel.MEMORY_AND_DISK)
    keys = [column for column in view.hudi[RECORD_KEY].split(",") if column != KEY_END]
    gone = present.join(rows, keys, "left_anti").persist(StorageLevel.MEMORY_AND_DISK)
    known = [
        F.col(field.name) if field.name in present.columns else F.lit(None).cast(field.dataType).alias(field.name)
        for field in rows.schema.fields
    ]
    changed = rows.subtract(present.select(known)).persist(StorageLevel.MEMORY_AND_DISK)
    removed, written = gone.count(), changed.count()
    # The note stands in the last commit: a job that is killed between the two begins again where this one did.
    if removed:
        delete(gone, table, view, {} if written else notes)
    if written:
        upsert(changed, table, view, notes)
    return written, removed


def _require_keys_that_end(rows: DataFrame, table: str, view: ViewSpec) -> None:
    """Fail where the index would look for a column's name in a key for ever: in a table of before `KEY_END`."""
    if view.hudi[RECORD_KEY] != view.entity or rows.schema[view.entity].dataType.simpleString() != "string":
        return
    entity = F.col(view.entity)
    endless = rows.where(entity.contains(",") & entity.contains(":")).select(view.entity).first()
    if endless is not None:
        raise JobError(
            f"{table}: {view.entity} {endless[0]!r} holds a comma and a colon, which a table of an earlier version "
            f"does not take; run `npm run features -- rebuild {view.name}`"
        )


def _require_types(rows: DataFrame, present: DataFrame, table: str, view: ViewSpec) -> None:
    known = {field.name: field.dataType.simpleString() for field in present.schema.fields}
    for field in rows.schema.fields:
        was, now = known.get(field.name), field.dataType.simpleString()
        if was not in (now, None):
            raise JobError(
                f"{table}: its column {field.name} is {was} and the view now computes {now}; raise the "
                f"view's version, or run `npm run features -- rebuild {view.name}`"
            )


@dataclass(frozen=True)
class Reached:
    """Progress of the last run."""

    source: str
    """Instant of the source."""
    until: datetime


def _reached(backend: SparkBackend, store: FeatureStore[DataFrame], view: ViewSpec) -> Reached | None:
    """How far the last run has come; None where the source can no longer be read as it was then."""
    source, until = (backend.noted(view.name, key) for key in (SOURCE_INSTANT, UNTIL))
    if source is None or until is None or source not in {each.time for each in store.history(view.source)}:
        return None
    return Reached(source, datetime.fromisoformat(until))


def upsert(rows: DataFrame, table: str, view: ViewSpec, notes: dict[str, str]) -> None:
    """Write rows over those of the same keys."""
    _write(rows, table, view, {"hoodie.datasource.write.operation": "upsert", **notes})


def delete(rows: DataFrame, table: str, view: ViewSpec, notes: dict[str, str]) -> None:
    """Delete the rows of the same keys; their partitions must be theirs too."""
    _write(rows, table, view, {"hoodie.datasource.write.operation": "delete", **notes})


def _write(rows: DataFrame, table: str, view: ViewSpec, settings: dict[str, str]) -> None:
    options = {
        "hoodie.table.name": view.name,
        "hoodie.write.set.null.for.missing.columns": "true",
        "hoodie.datasource.write.commitmeta.key.prefix": _NOTE,
        **view.hudi,
        **settings,
    }
    if KEY_END in view.hudi[RECORD_KEY].split(","):
        rows = rows.withColumn(KEY_END, F.lit("-"))
    rows.write.format("hudi").options(**options).mode("append").save(table)


@dataclass(frozen=True)
class Span:
    """Interval between two runs: instants of the source, and times of events."""

    since: str
    target: str
    last: datetime
    until: datetime


@dataclass(frozen=True)
class Concerned:
    """Rows that change between two runs."""

    entities: DataFrame
    """Entities whose rows change."""
    after: datetime | None
    """Their rows of this hour and before stay as they are; None where any row of theirs may change."""


def _concerned(backend: SparkBackend, view: ViewSpec, events: DataFrame, span: Span) -> Concerned:
    """Entities that have or had events that differ, or events that enter or leave a window by now."""
    time = known_time(view)

    def between(start: datetime, end: datetime) -> Column:
        return (time >= F.lit(start)) & (time < F.lit(end))

    # Events that lay in the future of the last run are new to this one.
    moving = between(span.last, span.until)
    for length in view.hours:
        # An hour leaves at its end, `length` hours later; one more hour covers those under way.
        window = timedelta(hours=length)
        moving |= between(span.last - window - timedelta(hours=2), span.until - window)
    oldest = span.last - timedelta(hours=max(view.hours, default=0) + 2)
    entities = _from_day(view, events, oldest).where(moving).select(view.entity)
    after = span.last if view.hours else None
    if span.since != span.target:
        columns = [view.entity, view.event_time, *([view.known_at] if view.known_at else [])]
        changed = backend.changed(view.source, columns, span.since, span.target)
        changed = changed.select(view.entity, F.unix_timestamp(F.date_trunc("hour", time)).alias("_hour")).persist()
        entities = entities.unionByName(changed.select(view.entity))
        first = changed.agg(F.min("_hour")).first() if view.hours else None
        if first is not None and first[0] is not None:
            after = _earlier(span.last, first[0])
    return Concerned(entities.distinct().persist(StorageLevel.MEMORY_AND_DISK), after)


_EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
"""With an event of before, all days are read: less a window, its time may be none that datetime has."""


def _earlier(time: datetime, seconds: int) -> datetime | None:
    """The earlier of a time and one in seconds since 1970; None where that is before `_EARLIEST`."""
    if seconds < _EARLIEST.timestamp():
        return None
    return min(time, datetime.fromtimestamp(seconds, UTC))


def _from_day(view: ViewSpec, events: DataFrame, oldest: datetime) -> DataFrame:
    """Events that may have been known at a time or later; files of earlier days are not read."""
    if view.known_at is None and EVENT_DATE in events.columns:
        return events.where(F.col(EVENT_DATE) >= F.lit(oldest.date().isoformat()))
    return events.where(known_time(view) >= F.lit(oldest))


def _rows_after(view: ViewSpec, present: DataFrame, after: datetime) -> DataFrame:
    """A view's rows of the hours after one; files of earlier days are not read."""
    first = after + view.delay
    rows = present.where(F.col(VALID_FROM) > F.lit(first))
    return rows.where(F.col(PARTITION) >= F.lit(first.date().isoformat())) if PARTITION in rows.columns else rows


def declaration_of(view: str) -> str:
    """A short name of what is computed: of two declarations that differ in more than their table, another one."""
    declared = {key: value for key, value in json.loads(view).items() if key != "hudi"}
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()[:16]


def _fields(view: ViewSpec) -> list[str]:
    named = (
        {view.known_at}
        | {feature.of for feature in view.features}
        | {where.field for each in view.features if (where := each.where)}
    )
    return sorted(name for name in named if name is not None and name not in (view.entity, view.event_time))


def _latest(store: FeatureStore[DataFrame], name: str) -> str:
    instants = store.history(name)
    if not instants:
        raise JobError(f"{name}: the table has no commit yet; run the job that writes it first")
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
    parser.add_argument("--rebuild", action="store_true", help="delete the table first, with its history")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: run(spark, options))


if __name__ == "__main__":
    main()
