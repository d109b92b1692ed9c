"""Reading click-stream events from files, and telling the rows that parse from those that do not."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from jobs import input_file, json_records
from jobs.errors import JobError
from jobs.input_file import FORMATS, Format, InputError
from jobs.jvm import jvm, located

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
"""Columns of the input by field; arguments override them."""

REQUIRED = ("session", "event", "time")
"""Fields without which a row means nothing; the others read `unknown` where they are empty."""

_CORRUPT = "_corrupt_record"
# The cast alone takes "2024", and "12:30" as half past twelve of the day the job runs.
_TIME = r"^\s*\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}"


EARLIEST = "1900-01-01"
"""Spark refuses to write most times before it, a whole file for one of them: calendars differed."""


@dataclass(frozen=True)
class Counts:
    """Counts of the input's rows, by outcome."""

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


def format_of(path: str, given: str | None, names: Sequence[str] = ()) -> Format:
    """The format of an input: the one given, else the one that its ending or those of its files, `names`, tell."""
    if given is not None:
        if given not in FORMATS:
            raise JobError(f"--format {given}: unknown format; choose one of {', '.join(FORMATS)}")
        return given
    found = {input_file.format_by_name(name) for name in ([path] if input_file.format_by_name(path) else names)}
    if len(found) > 1:
        raise JobError(f"{path}: holds files of several formats; name the folder of one of them")
    if found and (known := found.pop()) is not None:
        return known
    listed = ", ".join(extension for extensions in FORMATS.values() for extension in extensions)
    raise JobError(f"{path}: unknown format; name the file {listed}, or give --format {'|'.join(FORMATS)}")


def read(
    spark: SparkSession, path: str, given: str | None, columns: Mapping[str, str], encoding: str | None = None
) -> DataFrame:
    """The rows of a file or folder as text: one column a field, and `row`, the source of a row that is `malformed`.

    `malformed` says why a row could not be split into fields. Errors of the file itself come with the first action:
    take it within `reading`.
    """
    files = _files(spark, path)
    file_format = format_of(path, given, files)
    with reading(path):
        match file_format:
            case "parquet":
                return _read_parquet(spark, files, columns)
            case "json":
                if encoding not in (None, "utf-8"):
                    raise InputError(input_file.JSON_ENCODING)
                return _read_json(spark, files, columns)
            case "csv":
                return _read_csv(spark, files, columns, encoding)


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn what is wrong with a file into one sentence, however deep in Spark it is found."""
    try:
        yield
    except InputError as error:
        raise JobError(f"{path}: {error}") from error
    except (Py4JJavaError, PySparkException) as error:
        text = str(error)
        for sign, sentence in _DAMAGES.items():
            if sign in text:
                raise JobError(f"{path}: {sentence}") from error
        raise


_DAMAGES: Mapping[str, str] = {
    "TextParsingException": input_file.BROKEN_QUOTE,
    "Unexpected end of input stream": "is gzip that ends too early; copy it again",
    "Not in GZIP format": "is named .gz and is not gzip; compress it, or name it without .gz",
    "is not a Parquet file": input_file.NOT_PARQUET,
}
"""Reports of damaged files, by a part of the error message of Spark's readers."""


def _read_csv(spark: SparkSession, files: Sequence[str], columns: Mapping[str, str], encoding: str | None) -> DataFrame:
    by_header: dict[tuple[str, ...], list[str]] = {}
    for file in files:
        header = input_file.csv_header(_head(spark, file, encoding))
        input_file.require_columns(header, list(columns.values()))
        by_header.setdefault(tuple(header), []).append(file)
    # Each by its own header: Spark would take the first file's for all.
    parts = [_read_csv_alike(spark, alike, header, columns, encoding) for header, alike in by_header.items()]
    return functools.reduce(DataFrame.unionByName, parts)


def _read_csv_alike(
    spark: SparkSession, files: list[str], header: tuple[str, ...], columns: Mapping[str, str], encoding: str | None
) -> DataFrame:
    # By position: names of a header may differ in case only, or be given twice.
    positions = [f"_c{position}" for position in range(len(header))]
    source = (
        spark.read.option("mode", "PERMISSIVE")
        .option("columnNameOfCorruptRecord", _CORRUPT)
        .option("header", True)
        .option("multiLine", True)
        .option("escape", '"')
        .option("unescapedQuoteHandling", "RAISE_ERROR")
        .option("encoding", encoding or "UTF-8")
        .schema(StructType([StructField(name, StringType()) for name in [*positions, _CORRUPT]]))
        .csv(files)
    )
    as_text = [F.col(positions[header.index(column)]).alias(field) for field, column in columns.items()]
    unread = F.concat_ws("", *positions).contains("\ufffd")
    malformed = F.when(F.col(_CORRUPT).isNotNull(), F.lit("the row does not parse")).when(
        unread, F.lit("the row is not UTF-8")
    )
    whole = F.to_json(F.map_from_arrays(F.array(*map(F.lit, header)), F.array(*positions)))
    if len(set(header)) < len(header):
        whole = F.to_json(F.array(*positions))
    return source.select(*as_text, malformed.alias("malformed"), F.coalesce(_CORRUPT, whole).alias("row"))


def _read_json(spark: SparkSession, files: Sequence[str], columns: Mapping[str, str]) -> DataFrame:
    for file in files:
        input_file.require_columns(input_file.json_names(_head(spark, file, None)), list(columns.values()))
    lines = spark.read.text(list(files)).select(F.regexp_replace("value", "^\ufeff", "").alias("row"))
    found = lines.where(F.trim("row") != "").withColumn("_roots", json_records.roots(F.col("row"), columns.values()))
    parsed = found.withColumn("_fields", json_records.single(F.col("_roots")))
    malformed = (
        F.when(F.col("_fields").isNotNull(), F.when(json_records.not_utf8(F.col("row")), "the row is not UTF-8"))
        .when(json_records.holds_several(F.col("row")), "the row holds more than one JSON object")
        .otherwise("the row does not parse")
    )
    as_text = [F.col("_fields")[column].alias(field) for field, column in columns.items()]
    return parsed.select(*as_text, malformed.alias("malformed"), "row")


def _read_parquet(spark: SparkSession, files: Sequence[str], columns: Mapping[str, str]) -> DataFrame:
    # Times in nanoseconds, which pandas writes: Spark reads them as numbers, or refuses the file.
    spark.conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")
    for file in files:
        if _first_bytes(spark, file)[:4] != b"PAR1":
            raise InputError(input_file.NOT_PARQUET)
    source = spark.read.parquet(*files)
    input_file.require_columns(source.columns, list(columns.values()))
    nanoseconds = _nanosecond_columns(spark, files[0])

    def as_text(column: str) -> Column:
        found = _quoted(column)
        return (F.timestamp_micros(F.floor(found / 1000)) if column in nanoseconds else found).cast("string")

    return source.select(
        *(as_text(column).alias(field) for field, column in columns.items()),
        F.lit(None).cast("string").alias("malformed"),
        F.to_json(F.struct(*(_quoted(name) for name in source.columns))).alias("row"),
    )


def _nanosecond_columns(spark: SparkSession, file: str) -> set[str]:
    parquet = jvm(spark).org.apache.parquet.hadoop
    path, system = located(spark, file)
    footer = parquet.ParquetFileReader.open(parquet.util.HadoopInputFile.fromPath(path, system.getConf()))
    try:
        fields = footer.getFooter().getFileMetaData().getSchema().getFields()
        return {field.getName() for field in fields if "NANOS" in str(field.getLogicalTypeAnnotation())}
    finally:
        footer.close()


def _files(spark: SparkSession, path: str) -> list[str]:
    """The file itself, or those of a folder and the folders in it, but for hidden ones."""
    # A bare path is a file of this machine, whatever the cluster's default file system is.
    location, system = located(spark, path if re.match(r"^[a-z0-9]+:/", path) else f"file:{path}")
    found = system.globStatus(location)
    if not found:
        raise JobError(f"{path}: no such file; set the workload's input to a path or bucket URI")
    files = [name for status in found for name in _files_in(system, status)]
    if not files:
        raise JobError(f"{path}: {input_file.EMPTY}")
    return sorted(files)


def _files_in(system: JavaObject, status: JavaObject) -> Iterator[str]:
    if status.isFile():
        yield status.getPath().toString()
        return
    for child in system.listStatus(status.getPath()):
        if not child.getPath().getName().startswith(("_", ".")):
            yield from _files_in(system, child)


def _head(spark: SparkSession, file: str, encoding: str | None) -> input_file.Head:
    return input_file.head_of(file, _first_bytes(spark, file), encoding)


def _first_bytes(spark: SparkSession, file: str) -> bytes:
    path, system = located(spark, file)
    stream = system.open(path)
    try:
        return bytes(stream.readNBytes(input_file.HEAD))
    finally:
        stream.close()


def parse(rows: DataFrame) -> DataFrame:
    """Events with their time parsed, and beside each the `reason` it is rejected for, or whether it is a `duplicate`.

    The same event of the same session at the same time is one event that was delivered twice.
    The rows of a session are brought together here, once for all that follows.
    """
    time = F.when(F.col("time").rlike(_TIME), F.to_timestamp("time"))
    reason = (
        F.when(F.col("malformed").isNotNull(), F.col("malformed"))
        .when(_blank("session"), "the session is empty")
        .when(_blank("event"), "the event is empty")
        .when(time.isNull(), "the time does not parse")
        .when(time < F.lit(EARLIEST).cast("timestamp"), f"the time is before {EARLIEST}")
        .when(time > F.current_timestamp() + F.expr("INTERVAL 1 DAY"), "the time is ahead of today")
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
    """Count events, duplicates and rejected rows in one pass."""
    groups = parsed.groupBy(F.col("reason").isNotNull().alias("rejected"), "duplicate").count().collect()
    return Counts(
        events=sum(group["count"] for group in groups),
        duplicates=sum(group["count"] for group in groups if group["duplicate"]),
        rejected=sum(group["count"] for group in groups if group["rejected"]),
    )


def main_reason(parsed: DataFrame) -> str:
    """The reason that most of the rejected rows have."""
    first = rejected(parsed).groupBy("reason").count().orderBy(F.desc("count"), "reason").first()
    return "" if first is None else str(first["reason"])


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
