"""Reading in a Spark job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jobs.jvm import jvm, located, table_client
from jobs.table_layout import has_commits
from py4j.java_gateway import JavaObject
from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession, Window
from pyspark.sql import functions as F

from mlstack_features.store import (
    DELETIONS,
    KEY_END,
    VALID_FROM,
    Backend,
    FeatureStoreError,
    Instant,
    is_internal,
    kept_since,
)

_META = "_hoodie_"
_COMMIT = f"{_META}commit_time"
_KEY = f"{_META}record_key"
_PARTITION = f"{_META}partition_path"
_OPTIONS = {"hoodie.metadata.enable": "false"}


class SparkBackend(Backend[DataFrame]):
    """Tables under a URI that Hadoop's file systems know."""

    def __init__(self, spark: SparkSession, uri: str) -> None:
        self._spark = spark
        self._uri = uri.rstrip("/")

    def names(self) -> list[str]:
        """Folders that hold a table."""
        root, system = located(self._spark, self._uri)
        folders = [status.getPath() for status in system.listStatus(root) if status.isDirectory()]
        properties = jvm(self._spark).org.apache.hadoop.fs.Path
        return sorted(
            folder.getName() for folder in folders if system.exists(properties(folder, ".hoodie/hoodie.properties"))
        )

    def keys(self, view: str) -> tuple[str, ...]:
        """Columns of the record key, as the table's own settings say."""
        fields = self._client(view).getTableConfig().getRecordKeyFields()
        if not fields.isPresent():
            raise FeatureStoreError(f"{view}: the table has no record key")
        return tuple(column for column in fields.get() if column != KEY_END)

    def instants(self, view: str) -> list[Instant]:
        """Finished commits that can still be read as of, oldest first."""
        client = self._client(view)
        timeline = client.getActiveTimeline().getCommitsTimeline().filterCompletedInstants()
        every = [timeline.nthInstant(number).get() for number in range(timeline.countInstants())]
        found = [Instant(each.requestedTime(), each.getAction()) for each in every]
        cleaned = client.getActiveTimeline().getCleanerTimeline().filterCompletedInstants().lastInstant()
        if not cleaned.isPresent():
            return found
        metadata = jvm(self._spark).org.apache.hudi.common.util.CleanerUtils.getCleanerMetadata(client, cleaned.get())
        return kept_since(found, str(metadata.getEarliestCommitToRetain() or ""))

    def has_commits(self, view: str) -> bool:
        """Whether anything was ever written: a job that was killed in its first commit leaves a table without one."""
        return has_commits(self._spark, f"{self._uri}/{view}")

    def changed(self, view: str, columns: Sequence[str], since: str, until: str) -> DataFrame:
        """Values of columns in every row that differs between two instants, in the one state or the other.

        What an incremental read lacks is here too: rows that were deleted, and what stood in a row before. Only the
        partitions are read that a commit between the two has written to.
        """
        touched = self._touched(view, since, until)
        found = []
        for instant in (since, until):
            reader = self._spark.read.format("hudi").options(**_OPTIONS).option("as.of.instant", instant)
            rows = reader.load(f"{self._uri}/{view}")
            if touched != {""}:
                rows = rows.where(_in_partitions(rows, touched))
            found.append(rows.select(_KEY, _PARTITION, _COMMIT, *columns))
        before, after = found
        same = [_KEY, _PARTITION, _COMMIT]
        gone, fresh = before.join(after, same, "left_anti"), after.join(before, same, "left_anti")
        return gone.select(*columns).unionByName(fresh.select(*columns)).distinct()

    def _touched(self, view: str, since: str, until: str) -> set[str]:
        timeline = self._client(view).getActiveTimeline().getCommitsTimeline().filterCompletedInstants()
        touched: set[str] = set()
        for number in range(timeline.countInstants()):
            commit = timeline.nthInstant(number).get()
            if since < commit.requestedTime() <= until:
                touched |= set(timeline.readCommitMetadata(commit).getPartitionToWriteStats().keySet())
        return touched

    def noted(self, view: str, key: str, instant: str | None = None) -> str | None:
        """Note under a key in the latest commit that has one; the latest up to an instant, if given."""
        timeline = self._client(view).getActiveTimeline().getCommitsTimeline().filterCompletedInstants()
        for number in reversed(range(timeline.countInstants())):
            commit = timeline.nthInstant(number).get()
            if instant is not None and commit.requestedTime() > instant:
                continue
            notes = timeline.readCommitMetadata(commit).getExtraMetadata()
            if notes.containsKey(key):
                return str(notes.get(key))
        return None

    def noted_after(self, view: str, key: str, instant: str) -> bool:
        """Whether a commit after an instant notes anything under a key."""
        timeline = self._client(view).getActiveTimeline().getCommitsTimeline().filterCompletedInstants()
        later = timeline.findInstantsAfter(instant)
        commits = (later.nthInstant(number).get() for number in range(later.countInstants()))
        return any(timeline.readCommitMetadata(each).getExtraMetadata().containsKey(key) for each in commits)

    def read(self, view: str, columns: Sequence[str] | None, instant: str | None) -> DataFrame:
        """All rows, as of an instant or the latest commit."""
        reader = self._spark.read.format("hudi").options(**_OPTIONS)
        return self._load(view, columns, reader if instant is None else reader.option("as.of.instant", instant))

    def changes(self, view: str, columns: Sequence[str] | None, since: str, until: str | None) -> DataFrame:
        """Rows written after an instant, up to another."""
        timeline = self._client(view).getActiveTimeline().getCommitsTimeline().filterCompletedInstants()
        every = [timeline.nthInstant(number).get() for number in range(timeline.countInstants())]
        # Hudi asks for the times at which commits ended; an instant is named by the time at which it began.
        ends = {each.requestedTime(): each.getCompletionTime() for each in every}
        reader = (
            self._spark.read.format("hudi")
            .options(**_OPTIONS)
            .option("hoodie.datasource.query.type", "incremental")
            .option("hoodie.datasource.read.begin.instanttime", ends.get(since, since))
        )
        if until is not None:
            reader = reader.option("hoodie.datasource.read.end.instanttime", ends.get(until, until))
        # Hudi 1.2 drops every row if the plan does not select the commit's time.
        frame = reader.load(f"{self._uri}/{view}").where(F.col(_COMMIT) > since)
        return _selected(frame, columns)

    def deleted_since(self, view: str, instant: str) -> bool:
        """Whether a commit after an instant has deleted rows."""
        timeline = self._client(view).getActiveTimeline().getCommitsTimeline().filterCompletedInstants()
        commits = [timeline.nthInstant(number).get() for number in range(timeline.countInstants())]
        later = (timeline.readCommitMetadata(each) for each in commits if each.requestedTime() > instant)
        return any(str(each.getOperationType()) in DELETIONS for each in later)

    def newest(self, frame: DataFrame, entity: str, at: datetime) -> DataFrame:
        """The row of each entity that holds at a time."""
        latest = F.row_number().over(Window.partitionBy(entity).orderBy(F.desc(VALID_FROM)))
        known = frame.where(F.col(VALID_FROM) <= F.lit(at))
        return known.withColumn("_rank", latest).where("_rank = 1").drop("_rank")

    def columns(self, frame: DataFrame) -> Sequence[str]:
        """Names of a table's columns."""
        return frame.columns

    def join(
        self,
        labels: DataFrame,
        features: DataFrame,
        key: str,
        entity: str,
        time: str,
        columns: Sequence[str],
        max_age: timedelta | None,
    ) -> DataFrame:
        """Each label with the columns of the row that held at its time."""
        row = F.struct(VALID_FROM, *columns)
        rows = features.select(
            F.col(key).alias("_key"), F.col(VALID_FROM).alias("_time"), row.alias("_row"), F.lit(0).alias("_side")
        )
        asked = labels.select(
            F.col(entity).cast(features.schema[key].dataType).alias("_key"),
            F.col(time).alias("_time"),
            F.lit(1).alias("_side"),
            F.struct("*").alias("_label"),
        )
        # One sort instead of a join over a range: at the same time a row comes before a label.
        before = Window.partitionBy("_key").orderBy("_time", "_side").rowsBetween(Window.unboundedPreceding, 0)
        together = rows.unionByName(asked, allowMissingColumns=True)
        held = together.withColumn("_held", F.last("_row", ignorenulls=True).over(before)).where("_side = 1")
        if max_age is not None:
            oldest = F.col("_time") - F.expr(f"INTERVAL {max_age // timedelta(microseconds=1)} MICROSECOND")
            held = held.withColumn("_held", F.when(F.col(f"_held.{VALID_FROM}") >= oldest, F.col("_held")))
        return held.select("_label.*", *(F.col(f"_held.{column}").alias(column) for column in columns))

    def fields(self, view: str) -> Sequence[str]:
        """Names of a view's columns, without those that Hudi adds."""
        reader = self._spark.read.format("hudi").options(**_OPTIONS)
        return self._load(view, None, reader).columns

    def renamed(self, frame: DataFrame, names: Mapping[str, str]) -> DataFrame:
        """A table whose columns have other names, by their present ones; columns that are not named stay."""
        return frame.withColumnsRenamed(dict(names))

    def _load(self, view: str, columns: Sequence[str] | None, reader: DataFrameReader) -> DataFrame:
        return _selected(reader.load(f"{self._uri}/{view}"), columns)

    def _client(self, view: str) -> JavaObject:
        return table_client(self._spark, f"{self._uri}/{view}")


def _in_partitions(rows: DataFrame, paths: set[str]) -> Column:
    """Rows of partitions `column=value`, asked for by the column so that Hudi lists no others."""
    values: dict[str, set[str]] = {}
    for path in paths:
        name, _, value = path.partition("=")
        values.setdefault(name, set()).add(value)
    if len(values) != 1 or not set(values) <= set(rows.columns):
        return F.lit(True)
    ((name, wanted),) = values.items()
    return F.col(name).cast("string").isin(sorted(wanted))


def _selected(frame: DataFrame, columns: Sequence[str] | None) -> DataFrame:
    own = (name for name in frame.columns if not is_internal(name))
    return frame.select(*(columns or own))
