"""feature-training: learns from a view what becomes of an entity, on what was known when each example began.

Both tables are read as of an instant, and rows are put into one order, so that the same instants give the same model
to the last digit, whatever has come since.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jobs import outcome
from jobs.classification import PROBABILITY, evaluate, held_out, probability_of, require_both_labels
from jobs.hadoop_file import write_text
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mlstack_features.compute import Condition, parse_condition
from mlstack_features.reference import SCORE, Reference, counted, edges_of
from mlstack_features.spark import SparkBackend
from mlstack_features.store import FeatureStore

JOB = "feature-training"

_AT = "_at"
_LABEL = "_label"
_HELD_OUT = "_held_out"


@dataclass(frozen=True)
class ModelSpec:
    """A model as it was declared in TypeScript, which has checked it."""

    name: str
    source: str
    event_time: str
    example: str
    positive: Condition
    view: str
    entity: str
    columns: tuple[str, ...]


def parse_model(text: str) -> ModelSpec:
    """Read a declaration."""
    declared = json.loads(text)
    return ModelSpec(
        name=declared["name"],
        source=declared["source"],
        event_time=declared["eventTime"],
        example=declared["example"],
        positive=parse_condition(declared["positive"]),
        view=declared["view"],
        entity=declared["entity"],
        columns=tuple(declared["columns"]),
    )


def examples(events: DataFrame, model: ModelSpec) -> DataFrame:
    """One row an example: its entity, the time of its first event, and whether it is a positive one."""
    return events.groupBy(model.example).agg(
        # The least of several entities in one example: a choice that does not depend on the order of the rows.
        F.min(model.entity).alias(model.entity),
        F.min(model.event_time).alias(_AT),
        F.max(F.coalesce(model.positive.holds(), F.lit(False)).cast("int")).alias(_LABEL),
    )


def known_examples(
    store: FeatureStore[DataFrame], model: ModelSpec, source: str, instant: str, hours: int | None = None
) -> DataFrame:
    """Examples with what the view knew when each began, as of instants; with `hours`, the newest of them."""
    needed = sorted({model.example, model.entity, model.event_time, model.positive.field})
    labels = examples(store.as_of(model.source, source, needed), model)
    if hours is not None:
        newest = labels.agg(F.max(_AT).alias("_newest"))
        recent = F.col(_AT) > F.col("_newest") - F.expr(f"INTERVAL {hours} HOURS")
        labels = labels.crossJoin(F.broadcast(newest)).where(recent).drop("_newest")
    known = store.point_in_time_join(
        labels, model.view, time=_AT, entity=model.entity, columns=model.columns, instant=instant
    )
    # An entity of which nothing was known yet has zeros.
    values = (F.coalesce(F.col(name).cast("double"), F.lit(0.0)).alias(name) for name in model.columns)
    return known.select(model.example, _LABEL, held_out(model.example).alias(_HELD_OUT), *values)


def train(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Join, train, evaluate on the examples held out, and write model, metrics, and what they were made of."""
    model = parse_model(options.model)
    store = FeatureStore(SparkBackend(spark, options.feature_store))
    source = options.source_instant or store.history(model.source)[-1].time
    instant = options.instant or store.history(model.view)[-1].time
    rows = in_order(known_examples(store, model, source, instant), model).cache()
    counts = {(row[_HELD_OUT], row[_LABEL]): row["count"] for row in rows.groupBy(_HELD_OUT, _LABEL).count().collect()}
    require_both_labels(counts, model.name, {0: "examples is negative", 1: "examples is positive"})
    fitted = pipeline(model).fit(rows.where(~F.col(_HELD_OUT)))
    scored = score(fitted, rows)
    measured = evaluate(scored.where(_HELD_OUT), _LABEL)
    folder = f"{options.models}/{model.name}/{options.run or instant}"
    fitted.write().overwrite().save(f"{folder}/model")
    result = {
        "rows": sum(counts.values()),
        "metrics": {"auc": measured.auc, "prAuc": measured.pr_auc, "baselinePrAuc": measured.baseline_pr_auc},
        "instant": instant,
        "source": source,
        "model": f"{folder}/model",
    }
    write_text(spark, f"{folder}/metrics.json", json.dumps(result, indent=2) + "\n")
    # Last, since the job that looks for drift takes it to say that the rest is there.
    reference_of(scored, model, result).write(spark, folder)
    return result


def reference_of(scored: DataFrame, model: ModelSpec, result: Mapping[str, Any]) -> Reference:
    """Distributions of what the model sees, and of what it says, over the examples of a training."""
    names = [*model.columns, SCORE]
    rows = scored.select(*model.columns, F.col(PROBABILITY).alias(SCORE))
    return Reference(
        instant=result["instant"],
        source=result["source"],
        trained=datetime.now(UTC).isoformat(),
        rows=result["rows"],
        distributions=counted(rows, edges_of(rows, names)),
    )


def in_order(rows: DataFrame, model: ModelSpec) -> DataFrame:
    """Examples in an order that is the same whenever they are: sums of floats depend on it."""
    return rows.coalesce(1).sortWithinPartitions(model.example)


def pipeline(model: ModelSpec) -> Pipeline:
    """A logistic regression, which puts its columns on one scale by itself."""
    assembler = VectorAssembler(inputCols=list(model.columns), outputCol="features")
    return Pipeline(stages=[assembler, LogisticRegression(labelCol=_LABEL, maxIter=25, regParam=0.001)])


def score(fitted: PipelineModel, rows: DataFrame) -> DataFrame:
    """Rows with the probability that the model gives each."""
    scored = fitted.transform(rows)
    return scored.withColumn(PROBABILITY, probability_of(scored))


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what the job is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--model", required=True, help="the model as JSON")
    parser.add_argument("--feature-store", required=True, help="URI of the bucket with source and view")
    parser.add_argument("--models", required=True, help="URI of the bucket that takes the model")
    parser.add_argument("--source-instant", help="commit to read the events as of; the latest unless given")
    parser.add_argument("--instant", help="commit to read the view as of; the latest unless given")
    parser.add_argument("--run", help="name of this run's folder; the view's instant unless given")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: train(spark, options))


if __name__ == "__main__":
    main()
