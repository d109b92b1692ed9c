"""Distributions of a model's training data: written beside the model, and read by the drift job."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from jobs.hadoop_file import write_text
from jobs.jvm import located
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from mlstack_features.drift import BINS, Distribution, edges_between

FILE = "reference.json"

SCORE = "score"
"""Name of the model's scores among the distributions."""

_ACCURACY = 0.001
"""Error of the quantiles, as a share of the rows."""

_INSTANT = re.compile(r"\d{17}")


@dataclass(frozen=True)
class Reference:
    """Distributions of a model's columns and scores over the examples that it was made of."""

    instant: str
    """Commit of the view that it learned from; names the version of the model."""
    source: str
    """Commit of the events."""
    trained: str
    """ISO time at which it was trained."""
    rows: int
    distributions: Mapping[str, Distribution]
    """By column, and by `score`."""

    def write(self, spark: SparkSession, folder: str) -> None:
        """Write it into the folder of a version."""
        write_text(spark, f"{folder}/{FILE}", json.dumps(asdict(self), indent=2) + "\n")


def latest_version(spark: SparkSession, folder: str) -> str | None:
    """Folder of the newest version of a model: that of the greatest instant, for a run with a name is an experiment."""
    pattern, system = located(spark, f"{folder}/*/{FILE}")
    names = [status.getPath().getParent().getName() for status in system.globStatus(pattern) or []]
    versions = [name for name in names if _INSTANT.fullmatch(name)]
    return f"{folder}/{max(versions)}" if versions else None


def read_reference(spark: SparkSession, folder: str) -> Reference:
    """The reference of a version."""
    text = "\n".join(row[0] for row in spark.read.text(f"{folder}/{FILE}", wholetext=True).collect())
    found = json.loads(text)
    distributions = {
        name: Distribution(tuple(each["edges"]), tuple(each["counts"]), each["absent"])
        for name, each in found["distributions"].items()
    }
    return Reference(**{**found, "distributions": distributions})


def edges_of(rows: DataFrame, names: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Edges between bins of about equal shares, in one pass over all columns."""
    shares = [step / BINS for step in range(1, BINS)]
    found = rows.approxQuantile(list(names), shares, _ACCURACY)
    return {name: edges_between(quantiles) for name, quantiles in zip(names, found, strict=True)}


def counted(rows: DataFrame, edges: Mapping[str, Sequence[float]]) -> dict[str, Distribution]:
    """Distributions of all columns, in one pass: a count for each bin."""
    columns = []
    for name, inner in edges.items():
        value = F.col(name).cast("double")
        bounds = [float("-inf"), *inner, float("inf")]
        for at, (low, high) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
            inside = (value >= F.lit(low)) & (value < F.lit(high))
            columns.append(F.count(F.when(inside, 1)).alias(f"{name}/{at}"))
        columns.append(F.count(F.when(value.isNull() | F.isnan(value), 1)).alias(f"{name}/absent"))
    row = rows.agg(*columns).collect()[0]
    return {
        name: Distribution(
            tuple(inner), tuple(row[f"{name}/{at}"] for at in range(len(inner) + 1)), row[f"{name}/absent"]
        )
        for name, inner in edges.items()
    }
