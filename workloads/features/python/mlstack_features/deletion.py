"""feature-deletion: removes what a store keeps of an entity, such as a person, and looks again.

Its events go, and its dead letters. Every view over the events is brought up to date, so rows of the entity go and rows
that were computed from its events are computed without them. A run that is killed is run again: each step looks at
what is left. Without `--yes` the job only counts.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobs import hadoop_file, outcome
from jobs.errors import JobError
from jobs.jvm import jvm, table_client
from jobs.table_layout import has_commits, settings_of_table
from jobs.table_lock import writing
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from stream import dead_letters, ledger
from stream.contract import SQL_TYPES, Contract, parse_contract

from mlstack_features import job
from mlstack_features.compute import ViewSpec, parse_view
from mlstack_features.spark import SparkBackend

JOB = "feature-deletion"

ENTITY = "MLSTACK_ENTITY"
"""Variable with the entity: what a command line says stays in logs."""

_READ = {"hoodie.metadata.enable": "false"}


@dataclass(frozen=True)
class Place:
    """A table that may have rows of the entity, or rows that were made of its events."""

    name: str
    entity: str
    """Column that names what a row is of."""
    hudi: Mapping[str, str]
    view: str | None = None
    """Declaration of the view that a job keeps up to date; None of the events, and of tables of former versions."""


@dataclass
class Found:
    """The entity's data in every place."""

    rows: dict[str, int]
    """Rows by table, of tables that have the entity's column."""
    anew: dict[str, int]
    """Other entities by table whose rows were made of its events."""
    dead_letters: int

    def told(self) -> str:
        """Describe the data as text; empty where there is none."""
        parts = [f"{rows} rows of it in {table}" for table, rows in self.rows.items() if rows]
        parts += [f"rows made of its events in {table}" for table, others in self.anew.items() if others]
        return ", ".join([*parts, *([f"{self.dead_letters} dead letters"] if self.dead_letters else [])])


def run(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Count what there is of the entity; with `yes` delete it, and fail unless nothing is left."""
    work = Deletion(spark, options)
    found = work.found()
    before = {place.name: {each.time for each in work.backend.instants(place.name)} for place in work.tables}
    if options.yes:
        work.delete()
        if options.purge:
            work.purge()
        if left := work.found().told():
            raise JobError(
                f"after the deletion there are {left}: where they have come since, end what sends them and run this "
                "again; else report it with the job's log"
            )
    after = {place.name: [each.time for each in work.backend.instants(place.name)] for place in work.tables}
    earlier = {name: [each for each in instants if each in before[name]] for name, instants in after.items()}
    if options.yes and options.purge and (kept := [name for name, instants in earlier.items() if instants]):
        raise JobError(f"{', '.join(kept)}: earlier instants can still be read; report it with the job's log")
    return {
        "rows": sum(found.rows.values()),
        "metrics": {"letters": found.dead_letters, "untold": work.untold()},
        "found": found.rows,
        "anew": found.anew,
        "instants": {name: instants[-1] for name, instants in after.items()},
        # Earlier instants that still show the state before the deletion.
        "earlier": {name: [len(instants), instants[0]] for name, instants in earlier.items() if instants},
    }


class Deletion:
    """The entity, and everywhere that it can be."""

    def __init__(self, spark: SparkSession, options: argparse.Namespace) -> None:
        self.spark = spark
        self.store: str = options.feature_store.rstrip("/")
        self.until: str | None = options.until
        self.backend = SparkBackend(spark, self.store)
        contract = parse_contract(options.contract)
        self.field: str = options.field
        self.value, self.text = _value(spark, contract, self.field, options.entity)
        beside = set(options.beside)
        rejected = f"{options.raw}/rejected"
        self.rejected = [
            f"{rejected}/{name}"
            for name in hadoop_file.names(spark, rejected)
            if _version_of(name, contract.name) and name not in beside
        ]
        self.ledger = f"{options.raw}/checkpoints/{contract.name}"
        self.events = Place(contract.name, self.field, contract.hudi)
        views = [Place(view.name, view.entity, view.hudi, text) for view, text in map(_view, options.view)]
        present = [name for name in self.backend.names() if has_commits(spark, self._path(name))]
        self.has_events = contract.name in present
        self.views = [place for place in views if place.name in present]
        declared = [self.events, *views]
        others = [name for name in present if name not in {place.name for place in declared} | beside]
        self.former = [
            Place(name, place.entity, place.hudi)
            for place in declared
            for name in others
            if _version_of(name, place.name) and place.entity in self._rows(name).columns
        ]
        """Tables of versions that are no longer declared, to which no job writes."""

    @property
    def tables(self) -> list[Place]:
        """All existing tables that may hold rows of the entity, or rows made from its events."""
        return [*([self.events] if self.has_events else []), *self.views, *self.former]

    def found(self) -> Found:
        """Count what there is, in every place."""
        own = [place for place in self.tables if place.entity == self.field]
        others = [place for place in self.tables if place.entity != self.field]
        return Found(
            rows={place.name: self._of_entity(place.name).count() for place in own},
            anew={place.name: self._concerned(place).count() for place in others},
            dead_letters=self._count_dead_letters(dead_letters.names(self.field, self.text)),
        )

    def untold(self) -> int:
        """Dead letters that are no JSON and have the entity's name somewhere: whose they are cannot be told."""
        return self._count_dead_letters(dead_letters.may_name(self.field, self.text))

    def delete(self) -> None:
        """Take it out of every place; what others are computed from goes before what is computed."""
        for path in self.rejected:
            dead_letters.erase(self.spark, path, dead_letters.names(self.field, self.text))
        # No job brings them up to date, so rows that were made of the entity's events go too, while these can be told.
        for place in self.former:
            self._delete(place)
        if self.has_events:
            rows = self._delete(self.events)
            if rows:
                instant = self.backend.instants(self.events.name)[-1].time
                ledger.note_erased(self.spark, self.ledger, instant, rows)
        for place in self.views:
            if self.has_events:
                argv = [f"--view={place.view}", f"--feature-store={self.store}"]
                argv += [f"--until={self.until}"] if self.until else []
                job.run(self.spark, job.arguments(argv))
            if place.entity == self.field:
                # Rows whose events were gone before, by whatever means.
                self._delete(place)

    def purge(self) -> None:
        """Leave of every table what its last commit says, without a file that tells what was before."""
        for place in self.tables:
            with writing(self._path(place.name), JOB):
                _purge(self.spark, self._path(place.name), place.name, self._settings(place))

    def _delete(self, place: Place) -> int:
        path = self._path(place.name)
        with writing(path, JOB):
            if place.entity == self.field:
                rows = self._of_entity(place.name)
            else:
                rows = self._rows(place.name).join(self._concerned(place), place.entity, "left_semi")
            number = rows.count()
            if number:
                noted = {"hoodie.datasource.write.commitmeta.key.prefix": "mlstack.", job.ERASED: str(number)}
                delete = {"hoodie.datasource.write.operation": "delete", **noted}
                _write(rows, path, {**self._settings(place), **delete})
        return number

    def _settings(self, place: Place) -> dict[str, str]:
        return {
            "hoodie.table.name": place.name,
            "hoodie.write.set.null.for.missing.columns": "true",
            **settings_of_table(self.spark, self._path(place.name), place.hudi),
        }

    def _concerned(self, place: Place) -> DataFrame:
        """Other entities that the entity's events are of."""
        if not self.has_events:
            return self._rows(place.name).select(place.entity).limit(0)
        return self._of_entity(self.events.name).select(place.entity).distinct()

    def _of_entity(self, name: str) -> DataFrame:
        return self._rows(name).where(F.col(self.field) == self.value)

    def _rows(self, name: str) -> DataFrame:
        return self.spark.read.format("hudi").options(**_READ).load(self._path(name))

    def _count_dead_letters(self, kind: Column) -> int:
        return sum(dead_letters.count(self.spark, path, kind) for path in self.rejected)

    def _path(self, name: str) -> str:
        return f"{self.store}/{name}"


def _view(text: str) -> tuple[ViewSpec, str]:
    return parse_view(text), text


def _version_of(name: str, other: str) -> bool:
    """Whether two tables are of versions of one view, or of one contract."""
    plain = re.sub(r"_v\d+$", "", other)
    return re.fullmatch(re.escape(plain) + r"(_v\d+)?", name) is not None


def _value(spark: SparkSession, contract: Contract, field: str, text: str) -> tuple[Column, str]:
    """The entity as its field's type, and as records write it."""
    kind = next((each.type for each in contract.fields if each.name == field), None)
    if kind is None:
        raise JobError(
            f"{contract.name} has no field {field}; it has {', '.join(each.name for each in contract.fields)}"
        )
    if kind not in ("string", "long"):
        raise JobError(f"--field: {contract.name}.{field} is a {kind}; an entity is named by a text or a whole number")
    value = F.lit(text).cast(SQL_TYPES[kind])
    # Dead letters are compared as text, so that the entity must be given in its canonical form.
    if not text.strip() or spark.range(1).select(value.cast("string")).collect()[0][0] != text:
        raise JobError(
            f"--entity: what it names is no value of {contract.name}.{field}, a {kind}; write it as the table shows it"
        )
    return value, text


def _write(rows: DataFrame, path: str, settings: Mapping[str, str]) -> None:
    own = [name for name in rows.columns if not name.startswith("_hoodie_")]
    rows.select(own).write.format("hudi").options(**settings).mode("append").save(path)


def _purge(spark: SparkSession, path: str, name: str, settings: Mapping[str, str]) -> None:
    """Merge all changes into files, and remove every file that is not of the last commit, savepoints or not."""
    settings = {
        **settings,
        "hoodie.datasource.write.operation": "upsert",
        "hoodie.clustering.inline": "false",
        "hoodie.compact.inline.max.delta.commits": "1",
        "hoodie.clean.automatic": "false",
        "hoodie.clean.policy": "KEEP_LATEST_COMMITS",
        "hoodie.clean.commits.retained": "1",
        "hoodie.clean.trigger.max.commits": "1",
        # All partitions, and not those alone that were written to since the last cleaning.
        "hoodie.clean.incremental.mode": "false",
    }
    nothing = spark.read.format("hudi").options(**_READ).load(path).limit(0)
    _write(nothing, path, settings)
    # The cleaner keeps the earliest commit readable that it retains: this one, of which every file is a merged one.
    _write(nothing, path, {**settings, "hoodie.compact.inline": "false"})
    hudi = jvm(spark).org.apache.hudi
    given = jvm(spark).java.util.HashMap()
    for key, value in settings.items():
        given.put(key, value)
    client = hudi.DataSourceUtils.createHoodieClient(spark._jsc, "", path, name, given)
    try:
        savepoints = table_client(spark, path).getActiveTimeline().getSavePointTimeline().filterCompletedInstants()
        for number in range(savepoints.countInstants()):
            client.deleteSavepoint(savepoints.nthInstant(number).get().requestedTime())
        client.clean()
    finally:
        client.close()


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what the job is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--contract", required=True, help="of the events, as JSON")
    parser.add_argument("--view", action="append", default=[], help="a view over the events, as JSON; may be repeated")
    parser.add_argument("--beside", action="append", default=[], help="a table of another data set; may be repeated")
    parser.add_argument("--feature-store", required=True, help="URI of the bucket with events and views")
    parser.add_argument("--raw", required=True, help="URI of the bucket with the dead letters")
    parser.add_argument("--field", required=True, help="field of the events that names the entity")
    parser.add_argument("--entity", default=os.environ.get(ENTITY), help=f"the entity; {ENTITY} unless given")
    parser.add_argument("--until", help="ISO time up to which events count in views; now unless given")
    parser.add_argument("--yes", action="store_true", help="delete, and do not only count")
    parser.add_argument("--purge", action="store_true", help="remove the history of the tables as well")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    options = parser.parse_args(argv)
    if options.entity is None:
        parser.error(f"--entity is missing, and {ENTITY} is not set")
    return options


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: run(spark, options))


if __name__ == "__main__":
    main()
