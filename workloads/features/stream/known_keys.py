"""Hashes of the keys of an events table by day, kept on this machine's disk by the process that writes the table.

To look for a batch's keys under other days is to read the keys of those days from the table: at 1,000,000 rows whose
changes are not compacted yet, five of the seven seconds of an upsert. A process that is the table's only writer knows
which keys it wrote, and asks the table once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.table_layout import last_completion
from stream.contract import PARTITION, Contract

Hashes = npt.NDArray[np.int64]

MOST_KEYS = 32_000_000
"""Keys that are kept, at 8 bytes each on the disk; those of the day that was asked for longest ago go first."""

PART_KEYS = 1_000_000
"""Keys of a file that none is merged with any more, so that a merge holds little in memory."""

_PART_BYTES = 64 * 2**20
"""Size of the files whose keys are held at once."""

_CHUNKS = 16
"""Rows in which the keys of a day come from the JVM, which has each as objects for a moment."""

_HASH, _CHUNK, _HASHES = "_hash", "_chunk", "_hashes"


def hashes_of(rows: DataFrame, contract: Contract) -> dict[str, Hashes]:
    """Hashes of the keys of a batch by day, each day's in order.

    They come as a few lists a day, in a third of the time that a row for each takes.
    """
    found: dict[str, list[Hashes]] = {}
    for row in _lists(rows, contract).collect():
        found.setdefault(str(row[PARTITION]), []).append(np.array(row[_HASHES], dtype=np.int64))
    return {day: np.unique(np.concatenate(parts)) for day, parts in found.items()}


def stored_hashes(rows: DataFrame, contract: Contract, size: int) -> Iterator[tuple[str, Hashes]]:
    """Hashes of the keys of the rows in files of so many bytes, a day several times; few of them are held at once."""
    parts = 1 + size // _PART_BYTES
    for row in _lists(rows, contract, parts).toLocalIterator():
        yield str(row[PARTITION]), np.unique(np.array(row[_HASHES], dtype=np.int64))


def _lists(rows: DataFrame, contract: Contract, parts: int | None = None) -> DataFrame:
    """Hashes as lists: some of a day each, in so many partitions, unless Spark is to choose."""
    hashed = rows.select(F.col(PARTITION), F.xxhash64(*contract.key).alias(_HASH))
    hashed = hashed.withColumn(_CHUNK, F.pmod(F.col(_HASH), F.lit(max(_CHUNKS, parts or 0))))
    if parts is not None:
        hashed = hashed.repartition(parts, PARTITION, _CHUNK)
    return hashed.groupBy(PARTITION, _CHUNK).agg(F.collect_list(_HASH).alias(_HASHES))


class KnownKeys:
    """Keys of a table, and some that it has not: what is deleted stays known, and a hash may be another key's."""

    def __init__(self, completion: str | None) -> None:
        """None yet, of a table whose last commit was complete at an instant; all of one that has no commit."""
        self.completion = completion
        # Files of each known day, mapped into memory: the kernel takes the pages back when the container needs them.
        self._days: dict[str, list[Hashes]] = {}
        # Whether days that are not known have no rows.
        self._rest_is_empty = completion is None

    def unknown(self, days: Sequence[str]) -> list[str]:
        """The days whose keys have not been read from the table."""
        return [] if self._rest_is_empty else [day for day in days if day not in self._days]

    def learn(self, days: Sequence[str], keys: Iterable[tuple[str, Hashes]]) -> None:
        """Take all keys that the table has under some days, a day several times or never."""
        self._days |= {day: [] for day in days}
        for day, hashes in keys:
            self._add(day, hashes)

    def written(self, keys: Mapping[str, Hashes], completion: str | None) -> None:
        """Take the keys of a batch that was written, and when its commit was complete."""
        for day, hashes in keys.items():
            if day in self._days or self._rest_is_empty:
                # Asked for last, so at the end.
                self._days[day] = self._days.pop(day, [])
                self._add(day, hashes)
        self.completion = completion
        self._forget_oldest()

    def days_that_hold(self, hashes: Hashes, days: Sequence[str]) -> list[str]:
        """The known days that may contain one of the keys."""
        return [day for day in days if any(_meet(part, hashes) for part in self._days.get(day, []))]

    def _add(self, day: str, hashes: Hashes) -> None:
        """Keep keys in files of growing size: a file is merged with those before it that are no larger."""
        parts = self._days[day]
        while parts and len(parts[-1]) <= len(hashes) < PART_KEYS:
            hashes = np.union1d(parts.pop(), hashes)
        if len(hashes):
            parts.append(_on_disk(hashes))

    def _forget_oldest(self) -> None:
        while sum(len(part) for part in self._parts()) > MOST_KEYS:
            del self._days[next(iter(self._days))]
            self._rest_is_empty = False

    def _parts(self) -> Iterator[Hashes]:
        for parts in self._days.values():
            yield from parts


def _on_disk(hashes: Hashes) -> Hashes:
    """The same hashes, mapped from a file without a name: its bytes stay for as long as they are used."""
    with tempfile.TemporaryFile() as file:
        hashes.tofile(file)
        file.flush()
        return np.memmap(file, dtype=np.int64, mode="r")


def _meet(known: Hashes, hashes: Hashes) -> bool:
    """Whether two ordered sets have an element in common."""
    places = np.searchsorted(known, hashes)
    places[places == len(known)] = 0
    return bool(np.any(known[places] == hashes))


_known: dict[str, KnownKeys] = {}
"""By the path of the table."""


def of_table(spark: SparkSession, path: str) -> KnownKeys:
    """The known keys of a table: none yet where another process has written since. To be asked by its one writer."""
    completion = last_completion(spark, path)
    known = _known.get(path)
    if known is None or known.completion != completion:
        known = _known[path] = KnownKeys(completion)
    return known


def forget(path: str) -> None:
    """Forget the keys of a table: what a write that failed left there is not known."""
    _known.pop(path, None)
