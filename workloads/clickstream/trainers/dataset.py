"""Sessions as the feature store exported them, split and encoded."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq

from trainers import store
from trainers.encoding import Encoding, fit_encoding
from trainers.outcome import TrainerError

LAYOUT = "features.json"
"""File of an export that names its columns by meaning."""


@dataclass(frozen=True)
class Sessions:
    """Rows to train on and rows to measure on; every process has them all, in the same order."""

    instant: str
    encoding: Encoding
    train_rows: np.ndarray
    train_labels: np.ndarray
    held_out_rows: np.ndarray
    held_out_labels: np.ndarray


def read_sessions(exports: str, instant: str | None) -> Sessions:
    """Reads the export of an instant, of the latest one unless it is given."""
    known = store.folders(exports)
    if not known:
        raise TrainerError(f"{exports}: no export of the feature table there; run clickstream-export first")
    if instant is not None and instant not in known:
        raise TrainerError(f"--instant {instant}: no such export in {exports}; it has {', '.join(known[-10:])}")
    chosen = instant or known[-1]
    layout = json.loads(store.read_bytes(f"{exports}/{chosen}/{LAYOUT}"))
    files, path = store.open_store(f"{exports}/{chosen}/sessions")
    # Files are read in any order, and a split over processes needs one that all of them agree on.
    table = pq.read_table(path, filesystem=files).sort_by(layout["key"])
    columns = {name: table[name].to_numpy() for name in table.column_names}
    held_out = columns[layout["heldOut"]].astype(bool)
    labels = columns[layout["label"]].astype(np.float32)
    for part, chosen_rows in (("training", ~held_out), ("held-out", held_out)):
        if len(np.unique(labels[chosen_rows])) < 2:
            raise TrainerError(f"{exports}/{chosen}: its {part} sessions are not of both labels; give more events")
    train = {name: values[~held_out] for name, values in columns.items()}
    encoding = fit_encoding(train, layout["scaled"], layout["plain"], layout["categories"])
    rows = encoding.encode(columns)
    return Sessions(
        instant=chosen,
        encoding=encoding,
        train_rows=rows[~held_out],
        train_labels=labels[~held_out],
        held_out_rows=rows[held_out],
        held_out_labels=labels[held_out],
    )


def shard(count: int, rank: int, world_size: int, seed: int) -> np.ndarray:
    """The share of a process in so many rows, shuffled; every share has the same size, for all take equal steps."""
    order = np.random.default_rng(seed).permutation(count)
    return order[: count - count % world_size][rank::world_size]
