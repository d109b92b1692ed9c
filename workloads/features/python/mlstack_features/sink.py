"""feature-sink: follows a view's table into the online store, or compares the two.

It needs no Spark: Hudi's Rust core reads what was written since the instant that the online store has reached.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from mlstack_features.online import Comparison, OnlineStore
from mlstack_features.store import EPOCH_INSTANT, FeatureStore, FeatureStoreError

JOB = "feature-sink"


def rows_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows of a table as objects, some at a time: all at once they take ten times the table's memory."""
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def follow(store: FeatureStore[pa.Table], online: OnlineStore, view: str) -> int:
    """Put what was written since the last time. @returns how many rows were kept."""
    instants = store.history(view)
    reached = online.instant(view)
    if not instants or instants[-1].time == reached:
        return 0
    until = instants[-1].time
    entity = store.view(view).entity
    # What was removed by cleaning can no longer be followed; the whole table says the same.
    lost = reached is None or reached < instants[0].time
    rows = store.latest(view) if lost else store.incremental(view, reached or EPOCH_INSTANT, until)
    kept = online.put(view, entity, rows_of(rows))
    online.reached(view, until)
    return kept


def check(store: FeatureStore[pa.Table], online: OnlineStore, view: str) -> Comparison:
    """Compare the newest rows of a view with what is online."""
    return online.compare(view, store.view(view).entity, rows_of(store.latest(view)))


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what the sink is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--feature-store", required=True, help="URI of the bucket with the views")
    parser.add_argument("--online", required=True, help="address of Redis, such as redis://online-store:6379")
    parser.add_argument("--view", required=True, action="append", help="view to follow; may be given several times")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--every", type=float, help="go on, looking for commits every so many seconds")
    mode.add_argument("--check", action="store_true", help="compare instead, and fail where the two differ")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Follow or compare every view that the arguments name."""
    options = arguments(argv)
    store, online = FeatureStore.at(options.feature_store), OnlineStore.at(options.online)
    consistent = True
    while True:
        for view in options.view:
            start = time.monotonic()
            try:
                if options.check:
                    found = check(store, online, view)
                    consistent &= found.consistent
                    line: dict[str, object] = {"view": view, "consistent": found.consistent, **found.__dict__}
                else:
                    line = {"view": view, "rows": follow(store, online, view)}
            except FeatureStoreError as error:
                # The job that writes the view may not have run yet.
                if options.every is None:
                    sys.exit(f"{JOB}: {error}")
                line = {"view": view, "waiting": str(error)}
            seconds = round(time.monotonic() - start, 3)
            print(json.dumps({"at": datetime.now(UTC).isoformat(), **line, "seconds": seconds}), flush=True)
        if options.every is None:
            break
        time.sleep(options.every)
    sys.exit(0 if consistent else 1)


if __name__ == "__main__":
    main()
