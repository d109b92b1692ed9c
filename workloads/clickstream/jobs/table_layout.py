"""Layout of a table's rows in its files: stored beside the table, and compared with the settings of each write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from pyspark.sql import SparkSession

from jobs.errors import JobError
from jobs.jvm import is_table, located, table_client

RECORD_KEY = "hoodie.datasource.write.recordkey.field"
"""Setting with the columns of the record key, separated by commas."""

_HASHED = "hoodie.bucket.index.hash.field"

_OF_LAYOUT = (
    "hoodie.datasource.write.keygenerator.class",
    "hoodie.datasource.write.partitionpath.field",
    "hoodie.datasource.write.hive_style_partitioning",
    "hoodie.table.ordering.fields",
)
"""Settings that one table has and another one lacks."""


@dataclass(frozen=True)
class Layout:
    """Layout of a table, which no write may change: an upsert finds no row that was placed by another layout."""

    key: str
    """Columns of the record key, separated by commas."""
    partition: str
    """Columns of the partition; empty where there is none."""
    ordering: str
    """Column that decides between two versions of a row; empty where the later write does."""
    buckets: str
    """Files of a partition by the hash of the key; empty where another index finds a key's file. Hudi keeps no note
    of it (apache/hudi#13241)."""
    type: str

    @staticmethod
    def of(settings: Mapping[str, str]) -> Layout:
        """The layout that Hudi's settings of a write ask for."""
        return Layout(
            key=settings[RECORD_KEY],
            partition=settings.get("hoodie.datasource.write.partitionpath.field", ""),
            ordering=settings.get("hoodie.table.ordering.fields", ""),
            buckets=settings.get("hoodie.bucket.index.num.buckets", ""),
            type=settings["hoodie.datasource.write.table.type"],
        )


def require_layout(spark: SparkSession, path: str, settings: Mapping[str, str], remedy: str) -> None:
    """Fail before anything is written where the table at the path has another layout than the settings ask for.

    The first write of a table notes its layout; a table of an earlier version without a note is held against what
    Hudi knows of it, and its number of buckets is taken as declared. `remedy` says how the table is made anew.
    """
    declared = Layout.of(settings)
    if not has_commits(spark, path):
        _keep(spark, path, declared)
        return
    noted = _noted(spark, path)
    known = noted or _known_to_hudi(spark, path, declared)
    for each in fields(Layout):
        was, wanted = getattr(known, each.name), getattr(declared, each.name)
        if was != wanted:
            raise JobError(
                f"{path}: the table was made with {each.name} {was or 'none'} and is declared with {wanted or 'none'}, "
                f"which would leave its rows where no write finds them; declare it as it was, or {remedy}"
            )
    if noted is None:
        _keep(spark, path, declared)


def with_key_of_table(spark: SparkSession, path: str, settings: Mapping[str, str]) -> Mapping[str, str]:
    """The settings of a write with the record key that the table has, where it was made before keys had an end."""
    if not key_has_end(settings) or not has_commits(spark, path):
        return settings
    known = _noted(spark, path) or _known_to_hudi(spark, path, Layout.of(settings))
    return {**settings, RECORD_KEY: known.key} if known.key == settings[_HASHED] else settings


def settings_of_table(spark: SparkSession, path: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings of a write with the layout that the table has, whatever it is declared with by now."""
    known = _noted(spark, path) or _known_to_hudi(spark, path, Layout.of(settings))
    placed = {name: value for name, value in settings.items() if name not in _OF_LAYOUT}
    # The column at the end of the key is not hashed: it is the partition column, or a constant.
    ends = {*known.partition.split(","), "_key_end"}
    placed |= {
        RECORD_KEY: known.key,
        _HASHED: ",".join(column for column in known.key.split(",") if column not in ends),
        "hoodie.datasource.write.table.type": known.type,
    }
    if known.buckets:
        placed["hoodie.bucket.index.num.buckets"] = known.buckets
    if known.partition:
        placed["hoodie.datasource.write.partitionpath.field"] = known.partition
        placed["hoodie.datasource.write.hive_style_partitioning"] = "true"
    else:
        placed["hoodie.datasource.write.keygenerator.class"] = "org.apache.hudi.keygen.NonpartitionedKeyGenerator"
    if known.ordering:
        placed["hoodie.write.record.merge.mode"] = "EVENT_TIME_ORDERING"
        placed["hoodie.table.ordering.fields"] = known.ordering
    else:
        placed["hoodie.write.record.merge.mode"] = "COMMIT_TIME_ORDERING"
    return placed


def key_has_end(settings: Mapping[str, str]) -> bool:
    """Whether a column ends the record key that is no text, so that the values before it may hold anything."""
    return settings.get(RECORD_KEY, "") != settings.get(_HASHED)


def has_commits(spark: SparkSession, path: str) -> bool:
    """Whether anything was ever written: a job that was killed in its first commit leaves a table without one."""
    return last_completion(spark, path) is not None


def last_completion(spark: SparkSession, path: str) -> str | None:
    """When the last commit of a table was complete, as Hudi writes instants; none of a table without one."""
    if not is_table(spark, path):
        return None
    timeline = table_client(spark, path).getActiveTimeline().getCommitsTimeline().filterCompletedInstants()
    last = timeline.getLatestCompletionTime()
    return str(last.get()) if last.isPresent() else None


def note(path: str) -> str:
    """The file that keeps the layout of the table at a path."""
    # Not among the table's own files: where its folder is there, Hudi expects a table in it.
    store, _, table = path.rstrip("/").rpartition("/")
    return f"{store}/.layouts/{table}.json"


def _noted(spark: SparkSession, path: str) -> Layout | None:
    file, system = located(spark, note(path))
    if not system.exists(file):
        return None
    stream = system.open(file)
    try:
        text = bytes(stream.readAllBytes()).decode()
    finally:
        stream.close()
    return Layout(**json.loads(text))


def _keep(spark: SparkSession, path: str, layout: Layout) -> None:
    file, system = located(spark, note(path))
    stream = system.create(file, True)
    try:
        stream.write(bytearray(json.dumps(asdict(layout)).encode()))
    finally:
        stream.close()


def _known_to_hudi(spark: SparkSession, path: str, declared: Layout) -> Layout:
    config = table_client(spark, path).getTableConfig()
    return Layout(
        key=str(config.getRecordKeyFieldProp()),
        partition=_option(config.getPartitionFieldProp()),
        ordering=",".join(config.getOrderingFields()),
        buckets=declared.buckets,
        type=str(config.getTableType().name()),
    )


def _option(text: str | None) -> str:
    return text or ""
