"""Reading on a laptop or in a notebook: Hudi's Rust core, into Arrow tables."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import fastavro
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
from hudi import HudiQueryType, HudiReadOptions, HudiTable, HudiTableBuilder

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
# Instants are names for milliseconds, in the zone of the table's timeline: UTC for the tables of a stack.
_CLEANED = re.compile(r"\d{17}_\d{17}\.clean")
_FINISHED = re.compile(r"(\d{17})_(\d{17})\.(?:commit|deltacommit|replacecommit)")


class ArrowBackend(Backend[pa.Table]):
    """Tables under a `file://` or `s3://` URI."""

    def __init__(self, uri: str) -> None:
        # Hadoop's connector calls it s3a; every other client s3.
        self._uri = uri.replace("s3a://", "s3://", 1).rstrip("/")
        self._options = _storage_options() if self._uri.startswith("s3://") else {}

    def names(self) -> list[str]:
        """Folders that hold a table."""
        system, root = file_system(self._uri)
        entries = system.get_file_info(pafs.FileSelector(root))
        folders = [entry for entry in entries if entry.type == pafs.FileType.Directory]
        marks = system.get_file_info([f"{folder.path}/.hoodie/hoodie.properties" for folder in folders])
        return sorted(
            folder.base_name for folder, mark in zip(folders, marks, strict=True) if mark.type == pafs.FileType.File
        )

    def keys(self, view: str) -> tuple[str, ...]:
        """Columns of the record key, as the table's own settings say."""
        columns = self._table(view).hudi_options()["hoodie.table.recordkey.fields"].split(",")
        return tuple(column for column in columns if column != KEY_END)

    def instants(self, view: str) -> list[Instant]:
        """Finished commits that can still be read as of, oldest first."""
        timeline = self._table(view).get_timeline()
        every = [
            *timeline.get_completed_commits(),
            *timeline.get_completed_deltacommits(),
            *timeline.get_completed_replacecommits(),
        ]
        found = sorted((Instant(each.timestamp, each.action) for each in every), key=lambda each: each.time)
        return kept_since(found, self._earliest_retained(view))

    def read(self, view: str, columns: Sequence[str] | None, instant: str | None) -> pa.Table:
        """All rows, as of an instant or the latest commit."""
        options = _projected(columns)
        return self._rows(view, options if instant is None else options.with_as_of_timestamp(instant))

    def changes(self, view: str, columns: Sequence[str] | None, since: str, until: str | None) -> pa.Table:
        """Rows written after an instant, up to another."""
        # Hudi asks for the times at which commits ended; an instant is named by the time at which it began.
        ends = self._ends(view)
        options = _projected(columns).with_query_type(HudiQueryType.Incremental)
        options = options.with_start_timestamp(ends.get(since, since))
        return self._rows(view, options if until is None else options.with_end_timestamp(ends.get(until, until)))

    def ends(self, view: str) -> dict[str, datetime]:
        """When each commit ended that the table's active timeline still has, by its instant."""
        return {instant: _instant_time(end) for instant, end in self._ends(view).items()}

    def written(self, view: str, column: str) -> pa.Table:
        """A column of every row, and the instant of the commit that wrote the row."""
        options = HudiReadOptions().with_projection([_COMMIT, column])
        batches = self._table(view).read(options)
        rows = pa.Table.from_batches(batches) if batches else pa.table({_COMMIT: [], column: []})
        return rows.select([_COMMIT, column]).rename_columns(["instant", column])

    def deleted_since(self, view: str, instant: str) -> bool:
        """Whether a commit after an instant has deleted rows."""
        system, root = file_system(f"{self._uri}/{view}/.hoodie/timeline")
        for entry in system.get_file_info(pafs.FileSelector(root)):
            match = _FINISHED.fullmatch(entry.base_name)
            if match and match[1] > instant and str(_metadata(system, entry.path)["operationType"]) in DELETIONS:
                return True
        return False

    def newest(self, frame: pa.Table, entity: str, at: datetime) -> pa.Table:
        """The row of each entity that holds at a time."""
        known = frame.filter(pc.less_equal(frame[VALID_FROM], pa.scalar(at, frame[VALID_FROM].type)))
        ordered = known.sort_by([(entity, "ascending"), (VALID_FROM, "ascending")])
        if ordered.num_rows == 0:
            return ordered
        codes = _codes(ordered[entity])
        return ordered.filter(pa.array(np.append(codes[1:] != codes[:-1], True)))

    def fields(self, view: str) -> Sequence[str]:
        """Names of a view's columns, without those that Hudi adds."""
        return [name for name in self._table(view).get_schema().names if not is_internal(name)]

    def columns(self, frame: pa.Table) -> Sequence[str]:
        """Names of a table's columns."""
        return list(frame.column_names)

    def join(
        self,
        labels: pa.Table,
        features: pa.Table,
        key: str,
        entity: str,
        time: str,
        columns: Sequence[str],
        max_age: timedelta | None,
    ) -> pa.Table:
        """Each label with the columns of the row that held at its time, in the order of the labels."""
        codes = _codes(pa.chunked_array([*_chunks(labels[entity], features[key]), *features[key].chunks]))
        found = _last_before(
            codes,
            _microseconds(labels[time], time),
            _microseconds(features[VALID_FROM], VALID_FROM),
            None if max_age is None else max_age // timedelta(microseconds=1),
        )
        rows = pa.array(found, mask=found < 0)
        for column in columns:
            labels = labels.append_column(column, features[column].combine_chunks().take(rows))
        return labels

    def renamed(self, frame: pa.Table, names: Mapping[str, str]) -> pa.Table:
        """A table whose columns have other names, by their present ones; columns that are not named stay."""
        return frame.rename_columns([names.get(column, column) for column in frame.column_names])

    def _earliest_retained(self, view: str) -> str:
        """The commit from which on the last cleaning has left every file; empty where nothing was cleaned.

        Hudi's Rust core does not look: as of an earlier instant it reads what files are left, without an error.
        """
        system, root = file_system(f"{self._uri}/{view}/.hoodie/timeline")
        entries = system.get_file_info(pafs.FileSelector(root, allow_not_found=True))
        cleanings = sorted(entry.path for entry in entries if _CLEANED.fullmatch(entry.base_name))
        if not cleanings:
            return ""
        return str(_metadata(system, cleanings[-1])["earliestCommitToRetain"] or "")

    def _ends(self, view: str) -> dict[str, str]:
        system, root = file_system(f"{self._uri}/{view}/.hoodie/timeline")
        names = (each.base_name for each in system.get_file_info(pafs.FileSelector(root)))
        return {match[1]: match[2] for name in names if (match := _FINISHED.fullmatch(name))}

    def _table(self, view: str) -> HudiTable:
        try:
            return HudiTableBuilder.from_base_uri(f"{self._uri}/{view}").with_options(self._options).build()
        except Exception as error:
            raise FeatureStoreError(f"{view}: no such view in {self._uri} ({error})") from error

    def _rows(self, view: str, options: HudiReadOptions) -> pa.Table:
        table = self._table(view)
        batches = table.read(options)
        rows = pa.Table.from_batches(batches, schema=None if batches else table.get_schema())
        return rows.drop_columns([name for name in rows.column_names if is_internal(name)])


def _metadata(system: pafs.FileSystem, path: str) -> dict[str, Any]:
    """Metadata of a finished action of the timeline: one Avro record."""
    with system.open_input_stream(path) as stream:
        found = next(iter(fastavro.reader(io.BytesIO(stream.readall()))))
    return cast("dict[str, Any]", found)


def _last_before(
    codes: npt.NDArray[np.int64], label_times: npt.NDArray[np.int64], row_times: npt.NDArray[np.int64], age: int | None
) -> npt.NDArray[np.int64]:
    """For each label the position of its entity's last row at or before its time; -1 where there is none."""
    count = len(label_times)
    times = np.concatenate([label_times, row_times])
    # At the same time a row comes before a label: it holds from then on.
    is_label = np.arange(len(times)) < count
    order = np.lexsort((is_label, times, codes))
    positions = np.where(is_label[order], -1, np.arange(len(order)))
    last = np.maximum.accumulate(positions)
    source = np.where(last >= 0, order[np.maximum(last, 0)], -1)
    usable = (source >= 0) & (codes[source] == codes[order])
    if age is not None:
        usable &= times[order] - times[source] <= age
    found = np.full(len(times), -1, dtype=np.int64)
    found[order] = np.where(usable, source - count, -1)
    return found[:count]


def _codes(values: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    encoded = pc.dictionary_encode(values.combine_chunks())
    codes: npt.NDArray[np.int64] = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _chunks(labels: pa.ChunkedArray, features: pa.ChunkedArray) -> list[pa.Array]:
    return list(labels.cast(features.type).chunks)


def _microseconds(times: pa.ChunkedArray, column: str) -> npt.NDArray[np.int64]:
    """Times as microseconds since 1970, finer ones rounded down; a time that is absent lies before all others."""
    if not pa.types.is_timestamp(times.type):
        raise FeatureStoreError(f"{column}: holds {times.type}; give the time of each label as a timestamp")
    instant = times if times.type.tz else pc.assume_timezone(times, "UTC")
    if times.type.unit == "ns":
        instant = pc.floor_temporal(instant, unit="microsecond")
    whole = instant.cast(pa.timestamp("us", "UTC")).combine_chunks().cast(pa.int64())
    # Absent times would make the whole array one of floating-point numbers, in which they sort last.
    filled: npt.NDArray[np.int64] = whole.fill_null(np.iinfo(np.int64).min).to_numpy(zero_copy_only=False)
    return filled


def _instant_time(text: str) -> datetime:
    return datetime.strptime(f"{text}000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)


def _projected(columns: Sequence[str] | None) -> HudiReadOptions:
    return HudiReadOptions() if columns is None else HudiReadOptions().with_projection(list(columns))


def _storage_options() -> dict[str, str]:
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    options = {
        f"aws_{name}": os.environ[f"AWS_{name.upper()}"]
        for name in ("access_key_id", "secret_access_key", "session_token", "region")
        if f"AWS_{name.upper()}" in os.environ
    }
    if endpoint is not None:
        options |= {"aws_endpoint": endpoint, "aws_allow_http": str(endpoint.startswith("http://")).lower()}
    return options


def file_system(uri: str) -> tuple[pafs.FileSystem, str]:
    """The file system that a URI is of, and the path on it; a store with an endpoint is named by the environment."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not uri.startswith("s3://") or endpoint is None:
        system, path = pafs.FileSystem.from_uri(uri)
        return system, path
    return pafs.S3FileSystem(endpoint_override=endpoint), uri.removeprefix("s3://")
