"""The population stability index, by its properties and by hand."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest

from mlstack_features.drift import Distribution, distribution, moved, quantile_edges, stability_index

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_equal_distributions_have_not_moved() -> None:
    same = Distribution((1.0, 2.0), (10, 20, 30), 5)
    twice = Distribution((1.0, 2.0), (20, 40, 60), 10)
    assert stability_index(same, twice) == 0


def test_by_hand() -> None:
    then, now = Distribution((0.5,), (50, 50)), Distribution((0.5,), (80, 20))
    assert stability_index(then, now) == pytest.approx(0.3 * math.log(1.6) - 0.3 * math.log(0.4))


def test_an_empty_bin_counts_and_stays_finite() -> None:
    index = stability_index(Distribution((0.5,), (50, 50)), Distribution((0.5,), (100, 0)))
    assert 0.25 < index < 100


def test_it_is_symmetric_and_grows_with_the_shift() -> None:
    draw = random.Random(1)
    base = [draw.gauss(0, 1) for _ in range(5000)]
    edges = quantile_edges(base)
    then = distribution(base, edges)
    indexes = [
        stability_index(then, distribution([value + shift for value in base], edges)) for shift in (0, 0.1, 0.8, 1)
    ]
    assert indexes == sorted(indexes)
    assert indexes[1] < 0.1 < 0.25 < indexes[2]
    shifted = distribution([value + 1 for value in base], edges)
    assert stability_index(then, shifted) == pytest.approx(stability_index(shifted, then))


def test_every_value_is_counted_once() -> None:
    values: list[float | None] = [0.0, 1.0, 1.0, 2.0, None, math.nan]
    counted = distribution(values, [1.0])
    assert (counted.counts, counted.absent) == ((1, 3), 2)
    assert sum(counted.shares) == pytest.approx(1)


def test_repeated_values_make_fewer_bins() -> None:
    assert quantile_edges([1.0] * 100) == (1.0,)
    assert quantile_edges([]) == ()


def test_edges_must_agree() -> None:
    with pytest.raises(ValueError, match="same edges"):
        stability_index(Distribution((1.0,), (1, 1)), Distribution((2.0,), (1, 1)))


def test_the_farthest_moved_comes_first() -> None:
    assert moved({"a": 0.3, "b": 0.05, "c": 0.9}, 0.25) == ["c", "a"]


def test_spark_counts_as_plain_python_does(spark: SparkSession) -> None:
    from mlstack_features.drift_job import counted, quantiles

    draw = random.Random(2)
    values = [None if draw.random() < 0.1 else float(draw.randrange(40)) for _ in range(500)]
    rows = spark.createDataFrame([(value, value) for value in values], "a double, b double")
    edges = quantiles(rows, ["a", "b"])
    assert counted(rows, edges)["a"] == distribution(values, edges["a"])
