"""feature-drift: how far a model's inputs and predictions have moved since its training; retrains it beyond a limit.

The newest version's reference is compared with the examples of the last days, put together and scored as training
does it. The indexes go to the Pushgateway, where the stack has one, and into a report beside the model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jobs import outcome
from jobs.classification import PROBABILITY
from jobs.errors import JobError
from jobs.hadoop_file import write_text
from prometheus_client import CollectorRegistry, Gauge
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame, SparkSession

from mlstack_features import retraining
from mlstack_features.drift import Limits, stability_index
from mlstack_features.pushing import push
from mlstack_features.reference import SCORE, Reference, counted, latest_version, read_reference
from mlstack_features.spark import SparkBackend
from mlstack_features.store import FeatureStore
from mlstack_features.training import ModelSpec, known_examples, parse_model, score

JOB = "feature-drift"


@dataclass(frozen=True)
class DriftSpec:
    """Limits of a model's drift, declared in TypeScript, which validates them."""

    limits: Limits
    window_hours: int
    """Examples that are looked at: those that began so many hours before the newest, or later."""
    least_examples: int
    """Fewer say nothing: chance alone moves the index."""


@dataclass(frozen=True)
class Measured:
    """The indexes of a model's columns and scores."""

    reference: Reference
    instant: str
    """Commit of the view that was looked at."""
    examples: int
    indexes: Mapping[str, float]


def parse_drift(text: str) -> DriftSpec:
    """Read a declaration."""
    declared = json.loads(text)
    limits = Limits(declared["limit"], declared["limits"])
    return DriftSpec(limits, declared["windowHours"], declared["leastExamples"])


def drift(spark: SparkSession, options: argparse.Namespace) -> dict[str, object]:
    """Measure, report, and have the model retrained where a limit is passed."""
    model, declared = parse_model(options.model), parse_drift(options.drift)
    folder = f"{options.models}/{model.name}"
    measured = measure(spark, options.feature_store, folder, model, declared)
    enough = measured.examples >= declared.least_examples
    passed = declared.limits.passed(measured.indexes) if enough else []
    message, started = _consequence(measured, passed, declared, options.retraining)
    now = datetime.now(UTC)
    report = {
        "model": model.name,
        "measured": now.isoformat(),
        "version": measured.reference.instant,
        "instant": measured.instant,
        "examples": measured.examples,
        "message": message,
        "indexes": {name: {"psi": psi, "limit": declared.limits.of(name)} for name, psi in measured.indexes.items()},
        "passed": passed,
        "started": started,
    }
    # By time, so that the newest is the last by name.
    write_text(spark, f"{folder}/drift/{now:%Y%m%dT%H%M%S%f}.json", json.dumps(report, indent=2) + "\n")
    push(f"{JOB}-{model.name}", metrics(model.name, measured, declared.limits, now))
    return {
        "rows": measured.examples,
        "metrics": {"psi": max(measured.indexes.values()), "passed": len(passed)},
        "message": message,
        "started": started,
    }


def measure(spark: SparkSession, feature_store: str, folder: str, model: ModelSpec, declared: DriftSpec) -> Measured:
    """Compare the examples of the last days with those that the newest version of the model was made of."""
    version = latest_version(spark, folder)
    if version is None:
        raise JobError(f"{folder}: no version of the model has a reference; train it first")
    reference = read_reference(spark, version)
    store = FeatureStore(SparkBackend(spark, feature_store))
    source, instant = (store.history(name)[-1].time for name in (model.source, model.view))
    rows = known_examples(store, model, source, instant, declared.window_hours)
    scored = scores_beside(PipelineModel.load(f"{version}/model"), rows)
    now = counted(scored, {name: then.edges for name, then in reference.distributions.items()})
    indexes = {name: stability_index(then, now[name]) for name, then in reference.distributions.items()}
    return Measured(reference, instant, now[SCORE].total, indexes)


def scores_beside(fitted: PipelineModel, rows: DataFrame) -> DataFrame:
    """Examples with the score that a model gives each."""
    return score(fitted, rows).withColumnRenamed(PROBABILITY, SCORE)


def metrics(model: str, measured: Measured, limits: Limits, now: datetime) -> CollectorRegistry:
    """Metrics of a measurement for Prometheus."""
    registry = CollectorRegistry()
    psi = Gauge(
        "mlstack_drift_psi",
        "Population stability index of a column, or of the scores, since the model was trained.",
        ["model", "column"],
        registry=registry,
    )
    limit = Gauge(
        "mlstack_drift_limit", "Index above which the model is trained anew.", ["model", "column"], registry=registry
    )
    for name, index in measured.indexes.items():
        psi.labels(model, name).set(index)
        limit.labels(model, name).set(limits.of(name))
    examples = Gauge("mlstack_drift_examples", "Examples that were looked at.", ["model"], registry=registry)
    examples.labels(model).set(measured.examples)
    time = Gauge("mlstack_drift_measured_timestamp_seconds", "When it was measured.", ["model"], registry=registry)
    time.labels(model).set(now.timestamp())
    return registry


def _consequence(
    measured: Measured, passed: Sequence[str], declared: DriftSpec, template: str | None
) -> tuple[str, str]:
    """Return the text of the end message, and the name of the training that was started, if any."""
    if measured.examples < declared.least_examples:
        return f"{measured.examples} examples are too few to tell (least {declared.least_examples})", ""
    if not passed:
        name = max(measured.indexes, key=lambda each: measured.indexes[each])
        return f"no drift; the farthest is {name} at {measured.indexes[name]:.3f}", ""
    far = ", ".join(f"{name} {measured.indexes[name]:.3f} over {declared.limits.of(name):g}" for name in passed)
    if template is None:
        return far, ""
    if measured.instant == measured.reference.instant:
        return f"{far}; nothing to learn since the last training", ""
    started = retraining.start(template, far)
    return f"{far}; {started.message}", started.name


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what the job is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--model", required=True, help="the model as JSON")
    parser.add_argument("--drift", required=True, help="what counts as drift, as JSON")
    parser.add_argument("--feature-store", required=True, help="URI of the bucket with source and view")
    parser.add_argument("--models", required=True, help="URI of the bucket with the model, which takes the report")
    parser.add_argument(
        "--retraining", help="ScheduledSparkApplication to train by where a limit is passed; not at all unless given"
    )
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def main() -> None:
    """Run the job in a Spark session of its own."""
    options = arguments()
    outcome.run(JOB, options.result, lambda spark: drift(spark, options))


if __name__ == "__main__":
    main()
