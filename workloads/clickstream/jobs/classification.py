"""Binary classification, shared by all trainings: the held-out split, the predictions, and the measures of quality."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.errors import JobError
from jobs.evaluation import Bin, Quality, quality
from jobs.jvm import jvm

TRAINING_PERCENT = 80
SCORE_DIGITS = 6
"""Scores are grouped by this many digits for the metrics, so that few leave the cluster however many rows there are."""

PROBABILITY = "probability"


def held_out(key: str) -> Column:
    """Whether a row is kept for the evaluation: by its key alone, so the same ones are in every run."""
    return F.pmod(F.xxhash64(key), F.lit(100)) >= TRAINING_PERCENT


def probability_of(scored: DataFrame) -> Column:
    """The probability of a positive row, in what a model has scored."""
    # By way of the JVM: the same function in pyspark.ml.functions wants pandas, which nothing else here does.
    as_array = jvm(scored.sparkSession).org.apache.spark.ml.functions.vector_to_array
    return Column(as_array(F.col(PROBABILITY)._jc, "float64"))[1]


def evaluate(predictions: DataFrame, label: str) -> Quality:
    """Quality of predictions, each a label of 0 or 1 and a `probability`, in one pass over them."""
    rounded = F.round(PROBABILITY, SCORE_DIGITS).alias("score")
    positives = F.sum(label).alias("positives")
    groups = predictions.groupBy(rounded).agg(positives, (F.count(F.lit(1)) - positives).alias("negatives")).collect()
    return quality([Bin(group["score"], group["positives"], group["negatives"]) for group in groups])


def require_both_labels(counts: Mapping[tuple[bool, int], int], place: str, kinds: Mapping[int, str]) -> None:
    """Fail unless both labels are on both sides of the split; `counts` by side and label, `kinds` names the labels."""
    for side in (False, True):
        for label in (0, 1):
            if not counts.get((side, label)):
                rows = f"{'held-out' if side else 'training'} {kinds[label]}"
                total = sum(counts.values())
                raise JobError(f"{place}: none of the {rows} ({total} in all); give the input more events")
