"""feature-training: learns from a view what becomes of an entity, on what was known when each example began.

Both tables are read as of an instant, and rows are put into one order, so that the same instants give the same model
to the last digit, whatever has come since.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass

from jobs import outcome
from jobs.evaluation import Bin, Quality, quality
from jobs.training import write_text
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from mlstack_features.spark import SparkBackend
from mlstack_features.store import FeatureStore

JOB = "feature-training"

TRAINING_PERCENT = 80
SCORE_DIGITS = 6
"""Scores are grouped by this many digits for the metrics, so that few leave the cluster however many rows there are."""

_AT = "_at"
_LABEL = "_label"
_HELD_OUT = "_held_out"


@dataclass(frozen=True)
class Positive:
    """Which events make an example a positive one: those with one of some values, or a greater one."""

    field: str
    values: tuple[str, ...]
    above: float | None

    def condition(self) -> Column:
        """Whether an event is of that kind."""
        value = F.col(self.field)
        return value.isin(*self.values) if self.above is None else value > F.lit(self.above)


@dataclass(frozen=True)
class ModelSpec:
    """A model as it was declared in TypeScript, which has checked it."""

    name: str
    source: str
    event_time: str
    example: str
    positive: Positive
    view: str
    entity: str
    columns: tuple[str, ...]


def parse_model(text: str) -> ModelSpec:
    """Read a declaration."""
    declared = json.loads(text)
    positive = declared["positive"]
    return ModelSpec(
        name=declared["name"],
        source=declared["source"],
        event_time=declared["eventTime"],
        example=declared["example"],
        positive=Positive(positive["field"], tuple(positive.get("in", ())), positive.get("above")),
        view=declared["view"],
        entity=declared["entity"],
        columns=tuple(declared["columns"]),
    )


def examples(events: DataFrame, model: ModelSpec) -> DataFrame:
    """One row an example: its entity, the time of its first event, and whether it is a positive one."""
    return events.groupBy(model.example).agg(
        # Of several entities in one example the least: a choice that no order of the rows changes.
        F.min(model.entity).alias(model.entity),
        F.min(model.event_time).alias(_AT),
        F.max(F.coalesce(model.positive.condition(), F.lit(False)).cast("int")).alias(_LABEL),
    )


def train(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Join, train, evaluate on the examples held out, and write model and metrics."""
    model = parse_model(options.model)
    backend = SparkBackend(spark, options.feature_store)
    store = FeatureStore(backend)
    source = options.source_instant or store.history(model.source)[-1].time
    instant = options.instant or store.history(model.view)[-1].time
    needed = sorted({model.example, model.entity, model.event_time, model.positive.field})
    labels = examples(store.as_of(model.source, source, needed), model)
    known = store.point_in_time_join(
        labels, model.view, time=_AT, entity=model.entity, columns=model.columns, instant=instant
    )
    rows = in_order(known, model).cache()
    counts = {(row[_HELD_OUT], row[_LABEL]): row["count"] for row in rows.groupBy(_HELD_OUT, _LABEL).count().collect()}
    require_both_labels(counts, model)
    fitted = pipeline(model).fit(rows.where(~F.col(_HELD_OUT)))
    measured = evaluate(fitted, rows.where(_HELD_OUT))
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
    return result


def in_order(known: DataFrame, model: ModelSpec) -> DataFrame:
    """What training needs, in an order that is the same whenever the rows are: sums of floats depend on it.

    An entity of which nothing was known yet has zeros.
    """
    values = (F.coalesce(F.col(name).cast("double"), F.lit(0.0)).alias(name) for name in model.columns)
    # By its name alone, so that the same examples are held out in every run.
    held_out = F.pmod(F.xxhash64(model.example), F.lit(100)) >= TRAINING_PERCENT
    needed = known.select(model.example, _LABEL, held_out.alias(_HELD_OUT), *values)
    return needed.coalesce(1).sortWithinPartitions(model.example)


def pipeline(model: ModelSpec) -> Pipeline:
    """A logistic regression, which puts its columns on one scale by itself."""
    assembler = VectorAssembler(inputCols=list(model.columns), outputCol="features")
    return Pipeline(stages=[assembler, LogisticRegression(labelCol=_LABEL, maxIter=25, regParam=0.001)])


def evaluate(fitted: PipelineModel, rows: DataFrame) -> Quality:
    """Quality on rows that the model has not seen."""
    # By way of the JVM: the same function in pyspark.ml.functions wants pandas, which nothing else here does.
    as_array = rows.sparkSession._jvm.org.apache.spark.ml.functions.vector_to_array
    scored = fitted.transform(rows).select(_LABEL, Column(as_array(F.col("probability")._jc, "float64"))[1].alias("p"))
    positives = F.sum(_LABEL).alias("positives")
    rounded = F.round("p", SCORE_DIGITS).alias("score")
    groups = scored.groupBy(rounded).agg(positives, (F.count(F.lit(1)) - positives).alias("negatives")).collect()
    return quality([Bin(group["score"], group["positives"], group["negatives"]) for group in groups])


def require_both_labels(counts: dict[tuple[bool, int], int], model: ModelSpec) -> None:
    """Fail unless positive and negative examples are on both sides of the split."""
    for held_out in (False, True):
        for label in (0, 1):
            if not counts.get((held_out, label)):
                part, kind = "held-out" if held_out else "training", "positive" if label else "negative"
                raise outcome.JobError(
                    f"{model.name}: none of the {part} examples is {kind} ({sum(counts.values())} in all); "
                    f"give {model.source} more events"
                )


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
