"""Records that were rejected: kept as they came with the reason, and taken up again after a fix."""

from __future__ import annotations

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stream.validation import REASON

PLACE = ("topic", "partition", "offset")
"""What names a record of a topic."""

_TEXT = ("key", "value")


def without_accepted_text(judged: DataFrame) -> DataFrame:
    """Empty the text of accepted records: beside their fields, it would be most of a batch."""
    return judged.withColumns({name: F.when(F.col(REASON).isNotNull(), F.col(name)) for name in _TEXT})


def keep(judged: DataFrame, path: str, stream: str, batch: int, version: int) -> None:
    """Write the rejected records of a batch; a batch that is run again writes over what it wrote before."""
    letters = judged.where(F.col(REASON).isNotNull()).select(
        *PLACE,
        "kafka_time",
        *_TEXT,
        F.col(REASON).alias("reason"),
        F.lit(version).alias("contract_version"),
    )
    letters.coalesce(1).write.mode("overwrite").parquet(f"{path}/letters/stream={stream}/batch={batch}")


def read(spark: SparkSession, path: str) -> DataFrame | None:
    """The dead letters that were not taken up again, each once however often its stream began anew."""
    letters = _read(spark, f"{path}/letters")
    if letters is None:
        return None
    letters = letters.dropDuplicates([*PLACE]).drop("stream", "batch")
    replayed = _read(spark, f"{path}/replayed")
    return letters if replayed is None else letters.join(replayed, list(PLACE), "left_anti")


def settle(accepted: DataFrame, path: str) -> None:
    """Note records that have found their way into the table."""
    accepted.select(*PLACE).coalesce(1).write.mode("append").parquet(f"{path}/replayed")


def _read(spark: SparkSession, path: str) -> DataFrame | None:
    try:
        return spark.read.parquet(path)
    except AnalysisException as error:
        if error.getErrorClass() in ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA"):
            return None
        raise
