"""Records that were rejected: kept as they came with the reason, and taken up again after a fix."""

from __future__ import annotations

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import hadoop_file
from stream.contract import KAFKA_TIME
from stream.validation import REASON

PLACE = ("topic", "partition", "offset")
"""What names a record of a topic."""

TOPIC_ID = "topic_id"
"""Tells apart topics of one name, of which the second was made after the first was gone."""

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


def keep(letters: DataFrame, path: str, stream: str, batch: int) -> None:
    """Write the rejected records of a batch; a batch that is run again writes over what it wrote before."""
    letters.coalesce(1).write.mode("overwrite").parquet(_folder(path, stream, batch))


def drop(spark: SparkSession, path: str, stream: str, batch: int) -> None:
    """Remove what an earlier attempt at a batch has kept."""
    hadoop_file.remove(spark, _folder(path, stream, batch))


def read(spark: SparkSession, path: str) -> DataFrame | None:
    """The dead letters that were not taken up again, each once however often its stream was restarted."""
    letters = _read(spark, f"{path}/letters")
    if letters is None:
        return None
    letters = letters.dropDuplicates(_IDENTITY).drop("stream", "batch")
    replayed = _read(spark, f"{path}/replayed")
    return letters if replayed is None else letters.join(replayed, _IDENTITY, "left_anti")


def settled(spark: SparkSession, path: str) -> int:
    """How many dead letters have found their way into the table."""
    replayed = _read(spark, f"{path}/replayed")
    return 0 if replayed is None else replayed.select(*_IDENTITY).distinct().count()


def settle(accepted: DataFrame, path: str) -> None:
    """Note records that have found their way into the table."""
    accepted.select(*_IDENTITY).coalesce(1).write.mode("append").parquet(f"{path}/replayed")


_IDENTITY = [*PLACE, TOPIC_ID]


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
