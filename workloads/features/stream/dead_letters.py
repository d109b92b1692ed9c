"""Records that were rejected: kept as they came with the reason, and taken up again after a fix."""

from __future__ import annotations

import json

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import hadoop_file
from stream.contract import KAFKA_TIME
from stream.validation import REASON

PLACE = ("topic", "partition", "offset")
"""Columns that identify a record of a topic."""

TOPIC_ID = "topic_id"
"""Distinguishes a topic from an earlier, deleted one of the same name."""

_TEXT = ("key", "value")


def without_accepted_text(judged: DataFrame) -> DataFrame:
    """Empty the text of accepted records: beside their fields, it would be most of a batch."""
    return judged.withColumns({name: F.when(F.col(REASON).isNotNull(), F.col(name)) for name in _TEXT})


def of(judged: DataFrame, topic_id: str, version: int) -> DataFrame:
    """The rejected among judged records, as they are kept."""
    return judged.where(F.col(REASON).isNotNull()).select(
        *PLACE,
        KAFKA_TIME,
        *_TEXT,
        F.col(REASON).alias("reason"),
        F.lit(version).alias("contract_version"),
        F.lit(topic_id).alias(TOPIC_ID),
    )


def keep(records: DataFrame, path: str, stream: str, batch: int) -> None:
    """Write the rejected records of a batch; a batch that is run again writes over what it wrote before."""
    records.coalesce(1).write.mode("overwrite").parquet(_folder(path, stream, batch))


def drop(spark: SparkSession, path: str, stream: str, batch: int) -> None:
    """Remove what an earlier attempt at a batch has kept."""
    hadoop_file.remove(spark, _folder(path, stream, batch))


def read(spark: SparkSession, path: str) -> DataFrame | None:
    """The dead letters that were not taken up again or erased, each once however often its stream was restarted."""
    found = _read(spark, f"{path}/letters")
    if found is None:
        return None
    found = found.dropDuplicates(_IDENTITY).drop("stream", "batch")
    for gone in (_read(spark, f"{path}/replayed"), _read(spark, f"{path}/{_ERASED}")):
        found = found if gone is None else found.join(gone, _IDENTITY, "left_anti")
    return found


def settled(spark: SparkSession, path: str) -> int:
    """How many dead letters have found their way into the table."""
    replayed = _read(spark, f"{path}/replayed")
    return 0 if replayed is None else replayed.select(*_IDENTITY).distinct().count()


def settle(accepted: DataFrame, path: str) -> None:
    """Note records that have found their way into the table."""
    accepted.select(*_IDENTITY).coalesce(1).write.mode("append").parquet(f"{path}/replayed")


def names(field: str, text: str) -> Column:
    """Whether a dead letter's record names an entity by a field: in its text, or by its key where the text has none.

    A text that is no JSON object names it where the field's name stands before the value.
    """
    entries = F.map_entries(F.from_json("value", "map<string,string>"))
    named = F.filter(entries, lambda entry: F.lower(entry["key"]) == field.lower())
    in_object = F.exists(named, lambda entry: F.trim(entry["value"]) == text)
    # In quotes or not, with its characters escaped or not.
    forms = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    values = "|".join(_quoted(each) for each in sorted(forms))
    in_text = F.col("value").rlike(rf'(?i:"{_quoted(field)}")\s*:\s*"?\s*(?:{values})\s*(?:[",}}\]]|$)')
    by_key = (F.coalesce(F.size(named), F.lit(0)) <= 0) & (F.col("key") == text)
    found = [F.coalesce(each, F.lit(False)) for each in (in_object, in_text, by_key)]
    return found[0] | found[1] | found[2]


def may_name(field: str, text: str) -> Column:
    """Whether a dead letter is no JSON object and has an entity's name somewhere in it: what it says cannot be told."""
    broken = F.from_json("value", "map<string,string>").isNull()
    inside = F.col("value").rlike(rf"(?<!\w){_quoted(text)}(?!\w)")
    return ~names(field, text) & F.coalesce(broken & inside, F.lit(False))


def count(spark: SparkSession, path: str, condition: Column) -> int:
    """Records of a kind among all that are kept, also those that were taken up again."""
    found = _read(spark, f"{path}/letters")
    return 0 if found is None else found.where(condition).select(*_IDENTITY).distinct().count()


def erase(spark: SparkSession, path: str, condition: Column) -> None:
    """Remove the records of a kind from the files that keep them, and note where in the topic they stood.

    Each file is written anew beside the old one, which goes last: when this is killed, some records stand there twice
    and are read once.
    """
    found = _read(spark, f"{path}/letters")
    if found is None:
        return
    found = found.where(condition).select(*_IDENTITY, F.input_file_name().alias("_file"))
    rows = found.collect()
    if not rows:
        return
    found.select(*_IDENTITY).distinct().coalesce(1).write.mode("append").parquet(f"{path}/{_ERASED}")
    for file in sorted({row["_file"] for row in rows}):
        kept = spark.read.parquet(file).where(~condition)
        if not kept.isEmpty():
            kept.coalesce(1).write.mode("append").parquet(file.rpartition("/")[0])
        hadoop_file.remove(spark, file)


def erased(spark: SparkSession, path: str) -> int:
    """How many records were erased and had not found their way into the table before."""
    gone = _read(spark, f"{path}/{_ERASED}")
    if gone is None:
        return 0
    gone = gone.select(*_IDENTITY).distinct()
    replayed = _read(spark, f"{path}/replayed")
    return (gone if replayed is None else gone.join(replayed, _IDENTITY, "left_anti")).count()


_ERASED = "erased"
_IDENTITY = [*PLACE, TOPIC_ID]


def _quoted(text: str) -> str:
    """A text as a pattern of Java's that it alone fits."""
    return "\\Q" + text.replace("\\E", "\\E\\\\E\\Q") + "\\E"


def _folder(path: str, stream: str, batch: int) -> str:
    return f"{path}/letters/stream={stream}/batch={batch}"


def _read(spark: SparkSession, path: str) -> DataFrame | None:
    try:
        # Folders without a single file of Parquet are those of streams that rejected nothing.
        found = spark.read.option("mergeSchema", "true").parquet(path)
    except AnalysisException as error:
        if error.getErrorClass() in ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA"):
            return None
        raise
    # Kept before the ids of topics were.
    known = F.coalesce(F.col(TOPIC_ID), F.lit("")) if TOPIC_ID in found.columns else F.lit("")
    return found.withColumn(TOPIC_ID, known)
