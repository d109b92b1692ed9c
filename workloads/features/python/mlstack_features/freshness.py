"""Freshness of events: their age when a reader first sees them, from the topic's time to the end of the commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from mlstack_features.arrow import ArrowBackend


def freshness(backend: ArrowBackend, table: str, arrived: str = "kafka_time") -> list[Mapping[str, Any]]:
    """For each commit its rows, and the median and the greatest age of one in seconds, oldest commit first."""
    ends = backend.ends(table)
    ages: dict[str, list[float]] = defaultdict(list)
    for row in backend.written(table, arrived).to_pylist():
        end = ends.get(row["instant"])
        if end is not None:
            ages[row["instant"]].append((end - row[arrived]).total_seconds())
    return [
        {"instant": instant, "rows": len(each), "median": sorted(each)[len(each) // 2], "most": max(each)}
        for instant, each in sorted(ages.items())
    ]
