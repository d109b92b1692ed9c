"""Features of entities from events, as a feature view declares them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from mlstack_features.store import VALID_FROM

PARTITION = "valid_date"
_HOUR = 3600
_BUCKET = "_bucket"


@dataclass(frozen=True)
class Condition:
    """Condition on a field of an event: one of some values, or a number between two bounds that it does not reach."""

    field: str
    values: tuple[str, ...]
    above: float | None
    below: float | None

    def holds(self) -> Column:
        """Whether an event meets it; null where the field is."""
        value = F.col(self.field)
        if self.values:
            return value.isin(*self.values)
        least = F.lit(True) if self.above is None else value > F.lit(self.above)
        return least if self.below is None else least & (value < F.lit(self.below))


def parse_condition(declared: Mapping[str, Any]) -> Condition:
    """Read a condition of a declaration."""
    return Condition(declared["field"], tuple(declared.get("in", ())), declared.get("above"), declared.get("below"))


@dataclass(frozen=True)
class Feature:
    """An aggregate of an entity's events."""

    name: str
    aggregate: str
    of: str | None
    time: str
    """Column of the events' time."""
    where: Condition | None


@dataclass(frozen=True)
class ViewSpec:
    """A feature view as it was declared in TypeScript, which has checked it."""

    name: str
    version: int
    source: str
    event_time: str
    entity: str
    known_at: str | None
    """Column that tells when an event was known, where that is not when it happened."""
    known_in_minutes: bool
    """Whether that column holds minutes after the event's time, and not a time."""
    delay: timedelta
    """Time between the end of a window and the time from which its row can be read."""
    hours: tuple[int, ...]
    """Lengths of the windows that trail; none where features are over all events."""
    features: tuple[Feature, ...]
    hudi: Mapping[str, str]


def parse_view(text: str) -> ViewSpec:
    """Read a declaration."""
    declared = json.loads(text)
    features = tuple(
        Feature(
            name=name,
            aggregate=feature["aggregate"],
            of=feature.get("of"),
            time=declared["eventTime"],
            where=parse_condition(where) if (where := feature.get("where")) else None,
        )
        for name, feature in declared["features"].items()
    )
    return ViewSpec(
        name=declared["name"],
        version=declared["version"],
        source=declared["source"],
        event_time=declared["eventTime"],
        entity=declared["entity"],
        known_at=(declared.get("knownAt") or {}).get("field"),
        known_in_minutes=(declared.get("knownAt") or {}).get("minutes", False),
        delay=timedelta(minutes=declared.get("delayMinutes", 0)),
        hours=tuple(declared["window"].get("hours", ())),
        features=features,
        hudi=declared["hudi"],
    )


def compute(events: DataFrame, view: ViewSpec, until: datetime, after: datetime | None = None) -> DataFrame:
    """The rows of a view from the events of its entities, none that was known later than `until`.

    An event counts from the time at which it was known: a row of an earlier time would tell what nobody could know.
    `after`: where windows trail, only the rows of later hours, from events that were known at most the longest window
    before it.
    """
    known = events.withColumn(view.event_time, known_time(view)).where(F.col(view.event_time) < F.lit(until))
    if not view.hours:
        return _whole(known, view)
    if after is not None:
        known = known.where(F.col(view.event_time) >= F.lit(after - timedelta(hours=max(view.hours))))
    return _trailing(known, view, until, after)


def known_time(view: ViewSpec) -> Column:
    """When an event was known: never before it happened, and where nothing is told, when it happened."""
    happened = F.col(view.event_time)
    if view.known_at is None:
        return happened
    told = F.col(view.known_at)
    if view.known_in_minutes:
        told = F.timestamp_micros(F.unix_micros(happened) + (told * 60_000_000).cast("long"))
    return F.greatest(happened, told)


def _whole(events: DataFrame, view: ViewSpec) -> DataFrame:
    # A row knows an entity's last event, so it holds from the moment after it.
    valid_from = (F.max(view.event_time) + _interval(view.delay + timedelta(microseconds=1))).alias(VALID_FROM)
    values = [_aggregate(feature).alias(feature.name) for feature in view.features]
    return events.groupBy(view.entity).agg(valid_from, *values)


def _trailing(events: DataFrame, view: ViewSpec, until: datetime, after: datetime | None) -> DataFrame:
    """One row for every full hour at which a value changes: when an hour with events has ended, and when it leaves.

    A row at hour T is of the events in [T - window, T). Between two rows nothing changes, so the last row at or
    before an instant is exact to the hour, and an event that comes late changes the rows of its windows alone.
    """
    parts = {part.name: part for feature in view.features for part in _parts(feature)}
    bucket = (F.unix_timestamp(F.date_trunc("hour", view.event_time))).alias(_BUCKET)
    hours = events.groupBy(view.entity, bucket).agg(*(part.of_events.alias(part.name) for part in parts.values()))
    changes = F.array(F.lit(_HOUR), *(F.lit((length + 1) * _HOUR) for length in view.hours))
    ticks = (
        hours.select(view.entity, F.explode(F.transform(changes, lambda after: F.col(_BUCKET) + after)).alias(_BUCKET))
        .where(F.col(_BUCKET) <= F.unix_timestamp(F.lit(until)))
        .where(F.lit(True) if after is None else F.col(_BUCKET) > F.unix_timestamp(F.lit(after)))
        .distinct()
        .withColumn("_tick", F.lit(True))
    )
    timeline = hours.withColumn("_tick", F.lit(False)).unionByName(ticks, allowMissingColumns=True)
    ordered = Window.partitionBy(view.entity).orderBy(_BUCKET)
    spans = {length: ordered.rangeBetween(-length * _HOUR, -1) for length in view.hours}
    values = [
        _combine(feature, spans[length]).alias(f"{feature.name}_{window_name(length)}")
        for feature in view.features
        for length in view.hours
    ]
    valid_from = F.timestamp_seconds(_BUCKET) + _interval(view.delay)
    return (
        timeline.select(
            view.entity,
            valid_from.alias(VALID_FROM),
            *values,
            F.date_format(valid_from, "yyyy-MM-dd").alias(PARTITION),
            "_tick",
        )
        .where("_tick")
        .drop("_tick")
    )


def _interval(length: timedelta) -> Column:
    return F.expr(f"INTERVAL {length // timedelta(microseconds=1)} MICROSECOND")


def window_name(hours: int) -> str:
    """A window as people say it: `1h`, `1d`, `7d`."""
    return f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h"


def columns_of(view: ViewSpec) -> list[str]:
    """Columns of a view's features."""
    if not view.hours:
        return [feature.name for feature in view.features]
    return [f"{feature.name}_{window_name(length)}" for feature in view.features for length in view.hours]


@dataclass(frozen=True)
class _Part:
    """A feature's partial aggregate per hour; the hours of a window add up to its value."""

    name: str
    of_events: Column


def _parts(feature: Feature) -> Sequence[_Part]:
    values = _values(feature)
    match feature.aggregate:
        case "mean":
            return [
                _Part(f"{feature.name}_sum", F.sum(values)),
                _Part(f"{feature.name}_count", F.count(values)),
            ]
        case "stddev":
            moments = F.struct(
                F.count(values).cast("double").alias("count"),
                F.avg(values).alias("mean"),
                # Null for an hour without values.
                (F.var_pop(values) * F.count(values)).alias("squares"),
            )
            return [_Part(feature.name, F.when(F.count(values) > 0, moments))]
        case "first" | "last":
            return [_Part(feature.name, _at_end(feature))]
        case "count" | "sum" | "min" | "max":
            return [_Part(feature.name, _aggregate(feature))]
        case aggregate:
            # Medians of hours, for instance, do not give the median of the window.
            raise ValueError(f"{feature.name}: {aggregate} of a window cannot be computed from its hours")


def _at_end(feature: Feature) -> Column:
    """Time and value of the first or the last event that has a value; of several at one time, the least or greatest."""
    values = _values(feature)
    dated = F.when(values.isNotNull(), F.struct(F.col(feature.time).alias("time"), values.alias("value")))
    return F.min(dated) if feature.aggregate == "first" else F.max(dated)


def _merged(one: Column, other: Column) -> Column:
    """Moments of two sets together, by Chan's formula: sums of squares would lose the digits of a large mean."""
    count = one["count"] + other["count"]
    apart = other["mean"] - one["mean"]
    return F.struct(
        count.alias("count"),
        (one["mean"] + apart * other["count"] / count).alias("mean"),
        (one["squares"] + other["squares"] + apart * apart * one["count"] * other["count"] / count).alias("squares"),
    )


def _combine(feature: Feature, span: WindowSpec) -> Column:
    match feature.aggregate:
        case "count":
            return F.coalesce(F.sum(feature.name).over(span), F.lit(0))
        case "mean":
            count = F.sum(f"{feature.name}_count").over(span)
            return F.when(count > 0, F.sum(f"{feature.name}_sum").over(span) / count)
        case "stddev":
            none = F.struct(*(F.lit(0.0).alias(name) for name in ("count", "mean", "squares")))
            moments = F.aggregate(F.collect_list(feature.name).over(span), none, _merged)
            return F.when(moments["count"] > 1, F.sqrt(moments["squares"] / (moments["count"] - 1)))
        case "first":
            return F.min(feature.name).over(span)["value"]
        case "last":
            return F.max(feature.name).over(span)["value"]
        case aggregate:
            column: Column = getattr(F, aggregate)(feature.name).over(span)
            return column


def _aggregate(feature: Feature) -> Column:
    values = _values(feature)
    match feature.aggregate:
        case "count":
            return F.count(values)
        case "distinct":
            return F.countDistinct(values)
        case "first" | "last":
            return _at_end(feature)["value"]
        case "stddev":
            # One value has none; Spark's own answer is not a number in some versions.
            return F.when(F.count(values) > 1, F.stddev_samp(values))
        case aggregate:
            column: Column = getattr(F, aggregate)(values)
            return column


def _values(feature: Feature) -> Column:
    value = F.lit(1) if feature.of is None else F.col(feature.of)
    if feature.where is None:
        return value
    return F.when(feature.where.holds(), value)
