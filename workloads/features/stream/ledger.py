"""Counts of a stream's records, batch by batch, so that a run can be checked against the tables in the bucket."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs import hadoop_file
from stream import checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyspark.sql import SparkSession

_ERASED = "erased"
_KEPT = 3
"""Entries: that of a batch is made from the one before, and a batch may run again."""


@dataclass(frozen=True)
class Ledger:
    """Sums over all batches up to each, in files beside the checkpoint; a batch that runs again writes over its own."""

    spark: SparkSession
    place: str

    def note(self, batch: int, seen: Mapping[str, int]) -> None:
        """Add what a batch has counted to the sums before it."""
        sums = Counter(self._entry(batch - 1) or self._opening(batch))
        sums.update(seen)
        hadoop_file.write_text(self.spark, self._file(batch), json.dumps(sums))
        if batch >= _KEPT:
            hadoop_file.remove(self.spark, self._file(batch - _KEPT))

    def sums(self) -> Counter[str]:
        """Sums of all batches; nothing where there was none."""
        batches = [int(name) for name in hadoop_file.names(self.spark, f"{self.place}/ledger") if name.isdigit()]
        return Counter(self._entry(max(batches)) if batches else {})

    def _opening(self, batch: int) -> dict[str, int]:
        """First entry of a checkpoint that is older than ledgers: its consumed records, whose outcome is unknown."""
        if batch == 0:
            return {}
        return {"records": checkpoint.consumed_before(self.spark, self.place, batch), "unknown": 1}

    def _entry(self, batch: int) -> dict[str, int] | None:
        text = hadoop_file.read_text(self.spark, self._file(batch)) if batch >= 0 else None
        return None if text is None else json.loads(text)

    def _file(self, batch: int) -> str:
        return f"{self.place}/ledger/{batch}"


def balance(spark: SparkSession, root: str) -> Counter[str]:
    """Sums over the checkpoints of every topic that a table was filled from."""
    total: Counter[str] = Counter()
    for place in checkpoint.places(spark, root):
        total.update(Ledger(spark, place).sums())
    return total


def note_erased(spark: SparkSession, root: str, instant: str, rows: int) -> None:
    """Note how many rows of the table the commit of an instant has erased: they are no duplicates."""
    hadoop_file.write_text(spark, f"{root}/{_ERASED}/{instant}", str(rows))


def erased(spark: SparkSession, root: str) -> int:
    """Number of the table's rows that were erased."""
    folder = f"{root}/{_ERASED}"
    files = [name for name in hadoop_file.names(spark, folder) if name.isdigit()]
    return sum(int(hadoop_file.read_text(spark, f"{folder}/{name}") or 0) for name in files)


def discrepancies(sums: Mapping[str, int], *, rows: int, dead_letters: int, replayed: int) -> Iterable[str]:
    """Differences between the counts of the batches, the table's rows, and all dead letters ever kept.

    Rows, dead letters and duplicates are the records that were read: duplicates are what was accepted beyond rows.
    """
    if sums.get("unknown"):
        return
    records, accepted, rejected = (sums.get(name, 0) for name in ("records", "accepted", "rejected"))
    if records != accepted + rejected:
        yield f"of {records} records {accepted} were accepted and {rejected} rejected"
    if dead_letters != rejected:
        yield f"{rejected} records were rejected and {dead_letters} dead letters are kept"
    if rows > accepted + replayed:
        yield f"the table has {rows} rows of {accepted + replayed} accepted records"
