"""The population stability index, by its properties and by hand."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest

from mlstack_features.drift import Distribution, Limits, distribution, quantile_edges, stability_index

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


def test_a_value_that_repeats_has_a_bin_of_its_own() -> None:
    assert distribution([1.0, 0.5, 1.5], quantile_edges([1.0] * 100)).counts == (1, 1, 1)
    assert quantile_edges([]) == ()
    # A count that is nearly always 0 moves when it no longer is.
    rare = [0.0] * 99 + [1.0]
    edges = quantile_edges(rare)
    often = distribution([0.0] * 50 + [1.0] * 50, edges)
    assert stability_index(distribution(rare, edges), often) > 0.25


@pytest.mark.parametrize("seed", range(20))
def test_its_properties_hold_for_any_values(seed: int) -> None:
    draw = random.Random(seed)
    few = draw.random() < 0.5

    def values() -> list[float | None]:
        one = (lambda: float(draw.randrange(4))) if few else (lambda: draw.gauss(draw.random(), 2))
        return [None if draw.random() < 0.05 else one() for _ in range(draw.randrange(1, 300))]

    edges = quantile_edges([value for value in values() if value is not None])
    then, now = distribution(values(), edges), distribution(values(), edges)
    assert list(edges) == sorted(set(edges))
    assert stability_index(then, then) == 0
    assert stability_index(then, now) >= 0
    assert stability_index(then, now) == pytest.approx(stability_index(now, then))
    # Shares alone count, not how many there were.
    twice = Distribution(now.edges, tuple(2 * count for count in now.counts), 2 * now.absent)
    assert stability_index(then, twice) == pytest.approx(stability_index(then, now))


def test_edges_must_agree() -> None:
    with pytest.raises(ValueError, match="same edges"):
        stability_index(Distribution((1.0,), (1, 1)), Distribution((2.0,), (1, 1)))


def test_a_column_has_its_own_limit_or_the_usual_one() -> None:
    limits = Limits(0.25, {"b": 0.01, "c": 2.0})
    assert limits.passed({"a": 0.3, "b": 0.05, "c": 0.9, "d": 0.25}) == ["b", "a"]


def test_spark_counts_as_plain_python_does(spark: SparkSession) -> None:
    from mlstack_features.reference import counted, edges_of

    draw = random.Random(2)
    values = [None if draw.random() < 0.1 else float(draw.randrange(40)) for _ in range(500)]
    rows = spark.createDataFrame([(value, value) for value in values], "a double, b double")
    edges = edges_of(rows, ["a", "b"])
    assert counted(rows, edges)["a"] == distribution(values, edges["a"])
