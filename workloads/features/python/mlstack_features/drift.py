"""How far a feature's values have moved: the population stability index between two distributions."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SMALLEST_SHARE = 1e-4
"""Share that an empty bin counts as; the index of a bin that is empty on one side alone would be infinite."""

BINS = 10


@dataclass(frozen=True)
class Distribution:
    """Shares of a feature's values: between edges for numbers, by value for categories, and of absent ones."""

    edges: tuple[float, ...]
    """Inner edges, ascending; a value on an edge belongs to the bin above."""
    counts: tuple[int, ...]
    absent: int = 0

    @property
    def total(self) -> int:
        """How many values there were."""
        return sum(self.counts) + self.absent

    @property
    def shares(self) -> list[float]:
        """Share of each bin, absent values last."""
        every = [*self.counts, self.absent]
        return [count / self.total for count in every] if self.total else [0.0] * len(every)


def edges_between(quantiles: Iterable[float]) -> tuple[float, ...]:
    """Edges at quantiles; a value that is several of them, or the only one, has a bin of its own.

    Otherwise a count that is nearly always 0 would have one bin, and could never move.
    """
    seen = Counter(quantiles)
    edges = set(seen)
    edges |= {math.nextafter(value, math.inf) for value, times in seen.items() if times > 1 or len(seen) == 1}
    return tuple(sorted(edges))


def quantile_edges(values: Sequence[float], bins: int = BINS) -> tuple[float, ...]:
    """Edges between bins of equal shares of the values, as far as they do not repeat."""
    ordered = sorted(values)
    if not ordered:
        return ()
    return edges_between(ordered[min(len(ordered) - 1, len(ordered) * step // bins)] for step in range(1, bins))


def distribution(values: Sequence[float | None], edges: Sequence[float]) -> Distribution:
    """Count values between edges."""
    counts = [0] * (len(edges) + 1)
    absent = 0
    for value in values:
        if value is None or math.isnan(value):
            absent += 1
        else:
            counts[bisect_right(edges, value)] += 1
    return Distribution(tuple(edges), tuple(counts), absent)


def stability_index(then: Distribution, now: Distribution) -> float:
    """The population stability index: 0 for equal shares; people call it stable below 0.1 and moved above 0.25."""
    if then.edges != now.edges:
        raise ValueError("both distributions must be counted between the same edges")
    shares = zip(then.shares, now.shares, strict=True)
    pairs = [(max(old, SMALLEST_SHARE), max(new, SMALLEST_SHARE)) for old, new in shares]
    return sum((new - old) * math.log(new / old) for old, new in pairs)


@dataclass(frozen=True)
class Limits:
    """Indexes above which columns have moved, as a model declares them."""

    usual: float
    special: Mapping[str, float]

    def of(self, column: str) -> float:
        """The limit of one column."""
        return self.special.get(column, self.usual)

    def passed(self, indexes: Mapping[str, float]) -> list[str]:
        """Columns whose index passes its limit, the farthest beyond it first."""
        far = [name for name, index in indexes.items() if index > self.of(name)]
        return sorted(far, key=lambda name: self.of(name) / indexes[name])
