"""Sessions of the feature store as of an instant, and their split into those trained on and those held out."""

from __future__ import annotations

import io
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from mlstack_features import FeatureStore
from mlstack_pipelines import store
from mlstack_pipelines.step import Refused, StepError

TABLE = "sessions"
KEY = "session_id"
LABEL = "purchased"
TRAINING_PERCENT = 80

SPARK_SEED = 42
"""Seed of Spark's `xxhash64`, so that a session is held out here exactly when `jobs.training.held_out` says so."""


class Sessions(NamedTuple):
    """A file of sessions."""

    sessions: str
    rows: int


class Split(NamedTuple):
    """The two files of a split."""

    training: str
    held_out: str
    training_rows: int
    held_out_rows: int


def resolve_instant(feature_store: str, wanted: str) -> str:
    """The commit that is wanted, or the latest one where none is."""
    history = [commit.time for commit in FeatureStore.at(feature_store).history(TABLE)]
    if not history:
        raise StepError(f"{feature_store}/{TABLE}: no finished commit; run clickstream-features first")
    if wanted and wanted not in history:
        raise Refused(f"instant {wanted}: not a commit of {feature_store}/{TABLE}; it has {', '.join(history[-10:])}")
    return wanted or history[-1]


def read_features(feature_store: str, instant: str, folder: str) -> Sessions:
    """Writes the table as of an instant to one file, in the order of the session ids."""
    table = FeatureStore.at(feature_store).as_of(TABLE, instant).sort_by(KEY)
    uri = f"{folder}/features/{instant}/sessions.parquet"
    write_table(uri, table)
    return Sessions(uri, table.num_rows)


def split_sessions(sessions: str) -> Split:
    """Four of five sessions to train on; the others, the same ones in every run, to measure on."""
    table = read_table(sessions)
    held_out = pa.array([is_held_out(session) for session in table[KEY].to_pylist()], pa.bool_())
    parts = {"training": table.filter(pc.invert(held_out)), "held-out": table.filter(held_out)}
    for name, part in parts.items():
        if pc.count_distinct(part[LABEL]).as_py() < 2:
            raise Refused(f"{sessions}: its {name} sessions are not of both labels; give the input more events")
    folder = sessions.rpartition("/")[0]
    for name, part in parts.items():
        write_table(f"{folder}/{name}.parquet", part)
    return Split(
        training=f"{folder}/training.parquet",
        held_out=f"{folder}/held-out.parquet",
        training_rows=parts["training"].num_rows,
        held_out_rows=parts["held-out"].num_rows,
    )


def is_held_out(session: str) -> bool:
    """Whether a session is kept for the evaluation: by its id alone."""
    unsigned = xxhash.xxh64_intdigest(session.encode(), seed=SPARK_SEED)
    # Spark's hash is a signed number, and its `pmod` that of Python.
    signed = unsigned - 2**64 if unsigned >= 2**63 else unsigned
    return signed % 100 >= TRAINING_PERCENT


def read_table(uri: str) -> pa.Table:
    """A file of rows."""
    return pq.read_table(io.BytesIO(store.read_bytes(uri)))


def write_table(uri: str, table: pa.Table) -> None:
    """Writes a file of rows, whole or not at all."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    store.write_bytes(uri, buffer.getvalue())
