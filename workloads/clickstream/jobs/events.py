"""Reading click-stream events from files, and telling the rows that parse from those that do not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from jobs.outcome import JobError

COLUMNS: Mapping[str, str] = {
    "session": "session_id",
    "user": "user_id",
    "event": "event",
    "time": "timestamp",
    "platform": "platform",
    "channel": "acquisition_channel",
    "cohort": "user_cohort",
    "lifecycle": "user_lifecycle",
}
"""What a job calls a field, and the column of the input that holds it unless the arguments say otherwise."""

REQUIRED = ("session", "event", "time")
"""Fields without which a row means nothing; the others read `unknown` where they are empty."""

FORMATS: Mapping[str, tuple[str, ...]] = {
    "csv": (".csv", ".csv.gz"),
    "json": (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz"),
    "parquet": (".parquet",),
}
"""Formats an input may have, with the file extensions that tell them."""

_CORRUPT = "_corrupt_record"
# The cast alone takes "2024", and "12:30" as half past twelve of the day the job runs.
_TIME = r"^\s*\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}"


@dataclass(frozen=True)
class Counts:
    """How many rows the input had, and what became of them."""

    events: int
    duplicates: int
    rejected: int


def parse_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """The columns of the input by field, from arguments such as `time=occurred_at`."""
    columns = dict(COLUMNS)
    for pair in pairs:
        field, separator, column = pair.partition("=")
        if not separator or not column or field not in COLUMNS:
            raise JobError(f"--column {pair}: expected FIELD=COLUMN, where FIELD is one of {', '.join(COLUMNS)}")
        columns[field] = column
    return columns


def format_of(path: str, given: str | None) -> str:
    """The format of an input: the one given, else the one its extension tells."""
    if given is not None:
        if given not in FORMATS:
            raise JobError(f"--format {given}: unknown format; choose one of {', '.join(FORMATS)}")
        return given
    name = path.rstrip("/").lower()
    for known, extensions in FORMATS.items():
        if name.endswith(extensions):
            return known
    listed = ", ".join(extension for extensions in FORMATS.values() for extension in extensions)
    raise JobError(f"{path}: unknown format; name the file {listed}, or give --format {'|'.join(FORMATS)}")


def read_rows(spark: SparkSession, path: str, file_format: str, columns: Mapping[str, str]) -> DataFrame:
    """The rows of the input as text: one column a field, and `row`, the source of a row that could not be split."""
    # A bare path is a file of this machine, whatever the cluster's default file system is.
    location = path if re.match(r"^[a-z0-9]+:/", path) else f"file:{path}"
    reader = spark.read.option("mode", "PERMISSIVE").option("columnNameOfCorruptRecord", _CORRUPT)
    try:
        if file_format == "parquet":
            source = reader.parquet(location)
        elif file_format == "json":
            source = reader.option("primitivesAsString", True).json(location)
        else:
            header = spark.read.option("header", True).csv(location).columns
            fields = [StructField(name, StringType()) for name in [*header, _CORRUPT]]
            source = reader.option("header", True).schema(StructType(fields)).csv(location)
    except AnalysisException as error:
        if error.getErrorClass() == "PATH_NOT_FOUND":
            raise JobError(f"{path}: no such file; set the workload's input to a path or bucket URI") from error
        if error.getErrorClass() == "UNABLE_TO_INFER_SCHEMA":
            raise JobError(f"{path}: holds no rows; an input needs a header and at least one event") from error
        raise
    present = [name for name in source.columns if name != _CORRUPT]
    if not present:
        reason = "holds no row that is JSON" if file_format == "json" and source.columns else "is empty"
        raise JobError(f"{path}: {reason}; an input needs at least one event")
    missing = {field: column for field, column in columns.items() if column not in present}
    if missing:
        lacking = ", ".join(f"{column} (for {field})" for field, column in missing.items())
        raise JobError(
            f"{path}: lacks the column {lacking}; it has {', '.join(present)}: map them with --column FIELD=COLUMN"
        )
    corrupt = F.col(_CORRUPT) if _CORRUPT in source.columns else F.lit(None).cast("string")
    as_text = [_quoted(column).cast("string").alias(field) for field, column in columns.items()]
    whole = F.coalesce(corrupt, F.to_json(F.struct(*(_quoted(name) for name in present))))
    return source.select(*as_text, corrupt.isNotNull().alias("malformed"), whole.alias("row"))


def parse(rows: DataFrame) -> DataFrame:
    """Events with their time parsed, and beside each the `reason` it is rejected for, or whether it is a `duplicate`.

    The same event of the same session at the same time is one event that was delivered twice.
    The rows of a session are brought together here, once for all that follows.
    """
    time = F.when(F.col("time").rlike(_TIME), F.to_timestamp("time"))
    reason = (
        F.when(F.col("malformed"), "the row does not parse")
        .when(_blank("session"), "the session is empty")
        .when(_blank("event"), "the event is empty")
        .when(time.isNull(), "the time does not parse")
    )
    known = [F.coalesce(F.nullif(F.trim(field), F.lit("")), F.lit("unknown")).alias(field) for field in _optional()]
    parsed = rows.select(
        F.trim("session").alias("session"),
        F.trim("event").alias("event"),
        time.alias("time"),
        *known,
        reason.alias("reason"),
        F.when(reason.isNotNull(), F.col("row")).alias("row"),
    )
    delivery = F.row_number().over(Window.partitionBy("session", "event", "time").orderBy("user"))
    together = parsed.repartition("session")
    return together.withColumn("duplicate", F.col("reason").isNull() & (delivery > 1))


def count(parsed: DataFrame) -> Counts:
    """What became of every row, in one pass."""
    groups = parsed.groupBy(F.col("reason").isNotNull().alias("rejected"), "duplicate").count().collect()
    return Counts(
        events=sum(group["count"] for group in groups),
        duplicates=sum(group["count"] for group in groups if group["duplicate"]),
        rejected=sum(group["count"] for group in groups if group["rejected"]),
    )


def accepted(parsed: DataFrame) -> DataFrame:
    """The events that count: parsed, each delivery once."""
    return parsed.where(F.col("reason").isNull() & ~F.col("duplicate")).drop("reason", "row", "duplicate")


def rejected(parsed: DataFrame) -> DataFrame:
    """The rows that do not parse, as they came, each with its reason."""
    return parsed.where(F.col("reason").isNotNull()).select("reason", "row")


def _optional() -> list[str]:
    return [field for field in COLUMNS if field not in REQUIRED]


def _blank(field: str) -> Column:
    return F.col(field).isNull() | (F.trim(field) == "")


def _quoted(column: str) -> Column:
    return F.col("`" + column.replace("`", "``") + "`")
