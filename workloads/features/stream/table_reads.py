"""Reads of a database's table, kept beside the checkpoint until their rows are committed.

A database does not return the same rows twice. So the rows of a read are stored unchanged, with the high-water mark at
which the next read begins. A batch takes a part of them, and runs again on the same rows after it was killed.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import hadoop_file
from stream.contract import KAFKA_TIME, Contract
from stream.database import VALUE, Database, Source, Table, describe, explained, next_watermark, read, statements

_PART, _ROW = "part", "row"
_KEPT = 3
"""Notes of reads, and of batches' commits, that are kept."""


@dataclass(frozen=True)
class Read:
    """The stored rows of a read."""

    number: int
    table: str
    """Identity of the table in the database: a table that was recreated has another."""
    column: str | None
    """Type and name of the column of the high-water mark."""
    mark: str | None
    """High-water mark, at which the next read begins; None where it begins at the first row. The name is stored."""
    time: str
    """Time of the database when the read began."""
    first: int
    """Number of its first row among all that were ever read."""
    counts: Sequence[int]
    """Rows of each part."""
    batch: int
    """Number of its first batch."""
    most: int
    """Rows of a batch."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(self.counts)

    @property
    def end(self) -> int:
        """Number of the batch after its last one."""
        return self.batch - (-self.rows // self.most)


@dataclass(frozen=True)
class TableReads:
    """The reads of a table, in a folder of its own in the bucket."""

    spark: SparkSession
    place: str
    source: Source
    properties: Mapping[str, str]

    def take(self, contract: Contract, most: int) -> Read:
        """Read the table from the last high-water mark on, and keep the rows.

        @raises JobError where the database refuses
        """
        last = self.last()
        with Database.connected(self.spark, self.source, self.properties) as database:
            table = describe(database, contract)
            column = self._watermark_column(table)
            known = last is not None and (last.table, last.column) == (table.id, column)
            watermark = last.mark if last is not None and known else None
            time, reached = next_watermark(database, table, watermark)
            asked = statements(database, contract, table, watermark)
        number = 0 if last is None else last.number + 1
        place = self._rows(number)
        with explained(self.source, self.properties["user"]):
            parts = [
                read(self.spark, self.source, self.properties, statement).select(
                    F.lit(part).alias(_PART), F.monotonically_increasing_id().alias(_ROW), VALUE
                )
                for part, statement in enumerate(asked)
            ]
            functools.reduce(DataFrame.unionAll, parts).write.mode("overwrite").parquet(place)
        found = self.spark.read.schema(_SCHEMA).parquet(place).groupBy(_PART).count().collect()
        counts = {row[_PART]: row["count"] for row in found}
        made = Read(
            number=number,
            table=table.id,
            column=column,
            mark=watermark if reached is None else reached,
            time=time,
            first=0 if last is None else last.first + last.rows,
            counts=[counts.get(part, 0) for part in range(len(parts))],
            batch=0 if last is None else last.end,
            most=most,
        )
        # From here on the next run resumes with this read.
        hadoop_file.write_text(self.spark, f"{self.place}/reads/{number}", json.dumps(asdict(made)))
        return made

    def last(self) -> Read | None:
        """The last complete read."""
        for number in reversed(self._numbers("reads")):
            text = hadoop_file.read_text(self.spark, f"{self.place}/reads/{number}")
            # Some stores show a file before its content is complete; a run killed at that point has begun no batch.
            with contextlib.suppress(json.JSONDecodeError):
                return Read(**json.loads(text or ""))
        return None

    def commit(self, read: Read, batch: Callable[[DataFrame, int], None]) -> None:
        """Process the remaining batches of a read, and delete its stored rows."""
        done = self._numbers("commits")
        for number in range(max(read.batch, max(done, default=-1) + 1), read.end):
            batch(self.records(read, number), number)
            hadoop_file.write_text(self.spark, f"{self.place}/commits/{number}", "")
        hadoop_file.remove(self.spark, self._rows(read.number))
        for folder in ("reads", "commits"):
            for old in self._numbers(folder)[:-_KEPT]:
                hadoop_file.remove(self.spark, f"{self.place}/{folder}/{old}")

    def records(self, read: Read, batch: int) -> DataFrame:
        """The rows of a batch, as records of a topic: numbered by the order in which they were read."""
        start = (batch - read.batch) * read.most
        within = [
            (F.col(_PART) == part) & F.col(_ROW).between(low, high - 1)
            for part, low, high in _spans(read.counts, start, start + read.most)
        ]
        before = itertools.accumulate(read.counts, initial=read.first)
        firsts = F.array(*(F.lit(count).cast("long") for count in before))
        rows = self.spark.read.schema(_SCHEMA).parquet(self._rows(read.number))
        return rows.where(functools.reduce(operator.or_, within)).select(
            F.lit(self.source.table).alias("topic"),
            F.lit(0).alias("partition"),
            (F.col(_ROW) + F.element_at(firsts, F.col(_PART) + 1)).alias("offset"),
            F.lit(read.time).cast("timestamp").alias(KAFKA_TIME),
            F.lit(None).cast("string").alias("key"),
            VALUE,
        )

    def _watermark_column(self, table: Table) -> str | None:
        name = self.source.incremental
        return None if name is None else f"{table.columns[name].type} {name}"

    def _rows(self, number: int) -> str:
        return f"{self.place}/rows/{number}"

    def _numbers(self, folder: str) -> list[int]:
        names = hadoop_file.names(self.spark, f"{self.place}/{folder}")
        return sorted(int(name) for name in names if name.isdigit())


_SCHEMA = f"{_PART} int, {_ROW} long, {VALUE} string"


def _spans(counts: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Split a range of row numbers over the parts: each part with the range of its own row numbers."""
    before = 0
    for part, count in enumerate(counts):
        low, high = max(start - before, 0), min(end - before, count)
        if low < high:
            yield part, low, high
        before += count
