"""Difference of a view's rows between two instants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """Rows by what became of them, and how often each column changed."""

    added: int
    removed: int
    changed: int
    same: int
    columns: Mapping[str, int]


def difference(keys: Sequence[str], before: Sequence[Row], after: Sequence[Row]) -> Difference:
    """Compare rows by key; a column that one side lacks is empty there."""
    old = {tuple(row[key] for key in keys): row for row in before}
    new = {tuple(row[key] for key in keys): row for row in after}
    names = sorted({name for row in (*before[:1], *after[:1]) for name in row} - {*keys})
    columns = dict.fromkeys(names, 0)
    changed = 0
    both = old.keys() & new.keys()
    for key in both:
        differing = [name for name in names if old[key].get(name) != new[key].get(name)]
        changed += bool(differing)
        for name in differing:
            columns[name] += 1
    moved = {name: count for name, count in columns.items() if count}
    return Difference(len(new.keys() - both), len(old.keys() - both), changed, len(both) - changed, moved)
