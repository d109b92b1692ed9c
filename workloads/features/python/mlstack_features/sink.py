"""feature-sink: follows a view's table into the online store, or compares the two.

It needs no Spark: Hudi's Rust core reads what was written since the instant that the online store has reached.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from prometheus_client import CollectorRegistry, Gauge

from mlstack_features.online import Comparison, OnlineStore
from mlstack_features.pushing import push
from mlstack_features.store import FeatureStore, FeatureStoreError

JOB = "feature-sink"


def rows_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows of a table as objects, some at a time: all at once they take ten times the table's memory."""
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def follow(store: FeatureStore[pa.Table], online: OnlineStore, view: str) -> int:
    """Put what was written since the last time, and take out what was deleted; how many rows were kept or changed."""
    instants = store.history(view)
    reached = online.instant(view)
    if not instants or instants[-1].time == reached:
        return 0
    until = instants[-1].time
    entity = store.view(view).entity
    # Commits that were cleaned can no longer be followed, and what was deleted or rolled back is not among what was
    # written since: the whole table says it.
    if reached is None or reached < instants[0].time or store.deleted_since(view, reached):
        kept = online.repair(view, entity, rows_of(store.latest(view)))
    else:
        # A table with one row an entity has the one that counts, also where it holds from an earlier time.
        replace = not store.view(view).trailing
        kept = online.put(view, entity, rows_of(store.incremental(view, reached, until)), replace=replace)
    online.reached(view, until)
    return kept


def check(store: FeatureStore[pa.Table], online: OnlineStore, view: str) -> Comparison:
    """Compare the newest rows of a view with what is online."""
    return online.compare(view, store.view(view).entity, rows_of(store.latest(view)))


def repair(store: FeatureStore[pa.Table], online: OnlineStore, view: str) -> int:
    """Make the online store what the view says; how many entities differed."""
    rows = store.latest(view)
    entity = store.view(view).entity
    if online.compare(view, entity, rows_of(rows)).consistent:
        return 0
    return online.repair(view, entity, rows_of(rows))


def tell(online: OnlineStore, view: str, repaired: int) -> None:
    """Push what a repair has found, and how full the store is."""
    registry = CollectorRegistry()
    found = Gauge(
        "mlstack_online_repaired_entities",
        "Entities whose online rows differed from their table's at the last look, and were put right.",
        ["view"],
        registry=registry,
    )
    found.labels(view).set(repaired)
    share = online.memory_share()
    if share is not None:
        taken = Gauge(
            "mlstack_online_memory_share",
            "Share of the memory that the online store may take which it has taken.",
            registry=registry,
        )
        taken.set(share)
    push(f"{JOB}-{view}", registry)


def _keep(hours: float | None) -> timedelta | None:
    return None if hours is None else timedelta(hours=hours)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what the sink is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--feature-store", required=True, help="URI of the bucket with the views")
    parser.add_argument("--online", required=True, help="address of Redis, such as redis://online-store:6379")
    parser.add_argument("--view", required=True, action="append", help="view to follow; may be given several times")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--every", type=float, help="go on, looking for commits every so many seconds")
    mode.add_argument("--check", action="store_true", help="compare instead, and fail where the two differ")
    mode.add_argument("--repair", action="store_true", help="compare, and make the online store what the table says")
    parser.add_argument("--repair-every", type=float, help="beside --every: compare and repair every so many seconds")
    parser.add_argument("--keep-hours", type=float, help="forget rows that hold from longer ago; none unless given")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Follow or compare every view that the arguments name."""
    options = arguments(argv)
    store, online = FeatureStore.at(options.feature_store), OnlineStore.at(options.online, _keep(options.keep_hours))
    consistent, repaired = True, 0.0
    while True:
        due = options.repair_every is not None and time.monotonic() - repaired >= options.repair_every
        if due:
            repaired = time.monotonic()
        for view in options.view:
            start = time.monotonic()
            try:
                if options.check:
                    found = check(store, online, view)
                    consistent &= found.consistent
                    line: dict[str, object] = {"view": view, "consistent": found.consistent, **found.__dict__}
                elif options.repair:
                    line = {"view": view, "repaired": repair(store, online, view)}
                else:
                    line = {"view": view, "rows": follow(store, online, view)}
                    if due:
                        differed = repair(store, online, view)
                        line["repaired"] = differed
                        tell(online, view, differed)
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
