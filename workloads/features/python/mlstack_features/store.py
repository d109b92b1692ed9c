"""Queries of the feature store, independent of the engine that reads it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from mlstack_features.feature_references import columns_by_view, require_views
from mlstack_features.store_error import FeatureStoreError as FeatureStoreError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

Frame = TypeVar("Frame")
"""A table in memory, or the plan of one: `pyarrow.Table` or Spark's `DataFrame`."""

VALID_FROM = "valid_from"
"""Time that a row holds from: no event at or after it has a part in the row."""

KEY_END = "_key_end"
"""Column that ends the record key of a table without partitions, so that Hudi finds the end of a key of any text."""

EPOCH_INSTANT = "0"
"""An instant before every commit."""


DELETIONS = ("DELETE", "DELETE_PREPPED", "DELETE_PARTITION", "INSERT_OVERWRITE", "INSERT_OVERWRITE_TABLE")
"""Operations of Hudi's after which rows are gone that were there."""


@dataclass(frozen=True)
class Instant:
    """A commit of a table: when it was asked for, which names it, and what it was."""

    time: str
    action: str


@dataclass(frozen=True)
class View:
    """Description of a table."""

    name: str
    entity: str
    """Column of the entity."""
    trailing: bool
    """Whether an entity has a row for each time from which its values hold, or one row in all."""


def is_internal(column: str) -> bool:
    """Whether Hudi or the record key has a column, and nobody who reads the table."""
    return column.startswith("_hoodie_") or column == KEY_END


def kept_since(instants: Sequence[Instant], earliest: str) -> list[Instant]:
    """Instants of which no file has been cleaned: those from the earliest retained one on; all where that is empty."""
    return [each for each in instants if each.time >= earliest]


class Backend(ABC, Generic[Frame]):
    """Reads tables; knows nothing of what they mean."""

    @abstractmethod
    def names(self) -> list[str]:
        """Tables of the store."""

    @abstractmethod
    def keys(self, view: str) -> tuple[str, ...]:
        """Columns of the record key."""

    @abstractmethod
    def instants(self, view: str) -> list[Instant]:
        """Finished commits that can still be read as of, oldest first."""

    @abstractmethod
    def read(self, view: str, columns: Sequence[str] | None, instant: str | None) -> Frame:
        """All rows, as of an instant or the latest commit."""

    @abstractmethod
    def changes(self, view: str, columns: Sequence[str] | None, since: str, until: str | None) -> Frame:
        """Rows written after `since`, up to `until`, as they stood then."""

    @abstractmethod
    def deleted_since(self, view: str, instant: str) -> bool:
        """Whether a commit after an instant has deleted rows."""

    @abstractmethod
    def newest(self, frame: Frame, entity: str, at: datetime) -> Frame:
        """The row of each entity that holds at a time."""

    @abstractmethod
    def join(
        self,
        labels: Frame,
        features: Frame,
        key: str,
        entity: str,
        time: str,
        columns: Sequence[str],
        max_age: timedelta | None,
    ) -> Frame:
        """Each label with the columns of the row that held at its time; empty where none did, or it has no time.

        `key` names the entity among the features, `entity` and `time` are columns of the labels.
        """

    @abstractmethod
    def renamed(self, frame: Frame, names: Mapping[str, str]) -> Frame:
        """A table whose columns have other names, by their present ones; columns that are not named stay."""

    @abstractmethod
    def fields(self, view: str) -> Sequence[str]:
        """Names of a view's columns, without those that Hudi adds."""

    @abstractmethod
    def columns(self, frame: Frame) -> Sequence[str]:
        """Names of a table's columns."""


class FeatureStore(Generic[Frame]):
    """The feature views of a stack."""

    def __init__(self, backend: Backend[Frame]) -> None:
        self._backend = backend

    @staticmethod
    def from_environment() -> FeatureStore[pa.Table]:
        """The store that `MLSTACK_FEATURE_STORE` names, read into this process.

        An S3-compatible store is reached as `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` say.
        """
        uri = os.environ.get("MLSTACK_FEATURE_STORE")
        if uri is None:
            raise FeatureStoreError("set MLSTACK_FEATURE_STORE to the URI of the bucket, such as s3://feature-store")
        return FeatureStore.at(uri)

    @staticmethod
    def at(uri: str) -> FeatureStore[pa.Table]:
        """The store at a URI, read into this process."""
        from mlstack_features.arrow import ArrowBackend

        return FeatureStore(ArrowBackend(uri))

    @staticmethod
    def of_spark(spark: SparkSession, uri: str) -> FeatureStore[DataFrame]:
        """The store at a URI, read by Spark."""
        from mlstack_features.spark import SparkBackend

        return FeatureStore(SparkBackend(spark, uri))

    def list(self) -> list[str]:
        """Names of the views."""
        return self._backend.names()

    def view(self, name: str) -> View:
        """Description of a view."""
        keys = self._backend.keys(name)
        return View(name, keys[0], trailing=VALID_FROM in keys[1:])

    def keys(self, name: str) -> tuple[str, ...]:
        """Columns that name a row."""
        return self._backend.keys(name)

    def history(self, name: str) -> Sequence[Instant]:
        """Instants that a view can be read as of, oldest first."""
        return self._backend.instants(name)

    def latest(self, name: str, columns: Sequence[str] | None = None, at: datetime | None = None) -> Frame:
        """The row of each entity that holds now, or at another time; all rows of a table that keeps no such times."""
        if VALID_FROM not in self._backend.fields(name):
            if at is not None:
                raise FeatureStoreError(f"{name} keeps no time from which a row holds; read it `as_of` an instant")
            return self._backend.read(name, columns, None)
        frame = self._backend.read(name, self._with_keys(name, columns), None)
        return self._backend.newest(frame, self.view(name).entity, at or datetime.now(UTC))

    def as_of(self, name: str, instant: str, columns: Sequence[str] | None = None) -> Frame:
        """All rows as they stood when a commit had ended: the same today and in a month."""
        self._require(name, instant)
        return self._backend.read(name, columns, instant)

    def incremental(
        self, name: str, since: str = EPOCH_INSTANT, until: str | None = None, columns: Sequence[str] | None = None
    ) -> Frame:
        """Rows written after an instant."""
        return self._backend.changes(name, columns, since, until)

    def deleted_since(self, name: str, instant: str) -> bool:
        """Whether rows were deleted after an instant: `incremental` does not return them."""
        return self._backend.deleted_since(name, instant)

    def point_in_time_join(
        self,
        labels: Frame,
        name: str,
        *,
        time: str,
        entity: str | None = None,
        columns: Sequence[str],
        instant: str | None = None,
        max_age: timedelta | None = None,
    ) -> Frame:
        """Labels with the features that held at their time, and none that knew what came after.

        `time` and `entity` name columns of the labels; `instant` pins the table; a row that holds for longer than
        `max_age` counts as absent. Times without a zone are UTC; a label without a time gets no features. Arrow keeps
        the order of the labels, Spark does not.
        """
        names = {column: column for column in columns}
        return self._joined(labels, name, names, time=time, entity=entity, instant=instant, max_age=max_age)

    def historical_features(
        self,
        labels: Frame,
        features: Sequence[str],
        *,
        time: str,
        entities: Mapping[str, str] | None = None,
        instants: Mapping[str, str] | None = None,
        max_age: timedelta | None = None,
        full_names: bool = False,
    ) -> Frame:
        """Labels with features of several views, each as it held at the label's time.

        `features` are references `VIEW:COLUMN`. `entities` gives, by view, the column of the labels with its entity:
        the view's own name for it unless given. `instants` pins tables, by view. With `full_names` columns are named
        VIEW__COLUMN. Otherwise as `point_in_time_join`; features of one view stand side by side.
        """
        asked = columns_by_view(features, full_names=full_names)
        require_views("entities", entities or (), asked)
        require_views("instants", instants or (), asked)
        for view, names in asked.items():
            labels = self._joined(
                labels,
                view,
                names,
                time=time,
                entity=(entities or {}).get(view),
                instant=(instants or {}).get(view),
                max_age=max_age,
            )
        return labels

    def _joined(
        self,
        labels: Frame,
        name: str,
        names: Mapping[str, str],
        *,
        time: str,
        entity: str | None,
        instant: str | None,
        max_age: timedelta | None,
    ) -> Frame:
        present = self._backend.columns(labels)
        if taken := [column for column in names.values() if column in present]:
            raise FeatureStoreError(f"{name}: the labels have a column {taken[0]} of their own; rename it")
        if missing := [column for column in (entity, time) if column is not None and column not in present]:
            raise FeatureStoreError(f"the labels have no column {missing[0]}; they have {', '.join(present)}")
        if instant is not None:
            self._require(name, instant)
        key = self.view(name).entity
        features = self._backend.read(name, [key, VALID_FROM, *names], instant)
        other = {column: called for column, called in names.items() if column != called}
        return self._backend.join(
            labels,
            self._backend.renamed(features, other) if other else features,
            key,
            entity or key,
            time,
            list(names.values()),
            max_age,
        )

    def _with_keys(self, name: str, columns: Sequence[str] | None) -> Sequence[str] | None:
        if columns is None:
            return None
        needed = [self.view(name).entity, VALID_FROM]
        return [*columns, *(column for column in needed if column not in columns)]

    def _require(self, name: str, instant: str) -> None:
        known = [each.time for each in self.history(name)]
        if instant in known:
            return
        if known and instant < known[0]:
            raise FeatureStoreError(
                f"{name} can no longer be read as of {instant}: its files have been cleaned; the oldest is {known[0]}"
            )
        raise FeatureStoreError(f"{name} has no instant {instant}; the latest are {', '.join(known[-5:]) or 'none'}")
