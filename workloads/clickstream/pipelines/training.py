"""Training as a SparkApplication, and what its model is worth."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow.parquet as pq

from jobs.evaluation import Bin, quality
from mlstack_pipelines import spark_application, store
from mlstack_pipelines.step import Refused


class Fitted(NamedTuple):
    """A model, and its scores of the held-out sessions."""

    model: str
    predictions: str


class Evaluation(NamedTuple):
    """Quality of a model on held-out sessions."""

    auc: float
    pr_auc: float
    baseline_pr_auc: float
    rows: int


def train_model(
    cluster: spark_application.ApiServer, template: str, training: str, held_out: str, folder: str, seconds: float
) -> Fitted:
    """Trains where the content of template and split says, and so once for each."""
    output = f"{folder}/fitted/{spark_application.digest(template, training, held_out)}"
    arguments = [f"--training={training}", f"--held-out={held_out}", f"--output={output}"]
    spark_application.run(
        cluster,
        spark_application.application(template, arguments),
        complete=lambda: store.exists(f"{output}/fitted.json"),
        seconds=seconds,
    )
    return Fitted(f"{output}/model", f"{output}/predictions")


def evaluate_model(predictions: str) -> Evaluation:
    """Quality of predictions, by labels a score."""
    files, path = store.open_store(predictions)
    table = pq.read_table(path, filesystem=files, columns=["score", "purchased"])
    counted = table.group_by("score").aggregate([("purchased", "sum"), ("purchased", "count")])
    bins = [
        Bin(row["score"], row["purchased_sum"], row["purchased_count"] - row["purchased_sum"])
        for row in counted.to_pylist()
    ]
    measured = quality(bins)
    return Evaluation(measured.auc, measured.pr_auc, measured.baseline_pr_auc, measured.rows)


def check_quality(auc: float, threshold: float) -> float:
    """The gate: a model below the threshold goes no further, and the pipeline ends as failed."""
    if auc < threshold:
        raise Refused(f"AUC {auc:.4f} is below the threshold {threshold:g}: the model is not registered")
    return auc
