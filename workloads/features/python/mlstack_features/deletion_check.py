"""deletion-check: whether anything is left of an entity, by another reader than the job's that deleted it.

Tables are read by Hudi's Rust core; the online store is asked once it has followed to the commits of the deletion.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlstack_features.arrow import ArrowBackend
from mlstack_features.online import OnlineStore
from mlstack_features.store import FeatureStoreError

JOB = "deletion-check"

ENTITY = "MLSTACK_ENTITY"
"""Variable with the entity, as the job that deletes it reads it."""


def rows_left(backend: ArrowBackend, tables: Sequence[str], field: str, text: str) -> dict[str, int]:
    """Rows of the entity by table."""
    return {name: _count(backend.read(name, [field], None)[field], text) for name in tables}


def rows_online(online: OnlineStore, views: Mapping[str, str], own: Sequence[str], text: str, wait: float) -> list[str]:
    """Views of which the online store still has the entity, once it has followed each to its instant.

    @raises FeatureStoreError where it does not follow within so many seconds
    """
    deadline = time.monotonic() + wait
    for view, instant in views.items():
        # The one who follows is the sink alone: what it put before it noted the instant, it puts no more.
        while (online.instant(view) or "") < instant:
            if time.monotonic() > deadline:
                raise FeatureStoreError(
                    f"{view}: the online store has not followed to {instant} within {wait:.0f} s, so it may still have "
                    "the entity; look at the log of the stream's sink, and run this again"
                )
            time.sleep(1)
    return [view for view in own if online.lookup(view, text) is not None]


def _count(column: pa.ChunkedArray, text: str) -> int:
    wanted = pa.scalar(text) if pa.types.is_string(column.type) else pa.scalar(text).cast(column.type)
    return int(pc.sum(pc.equal(column, wanted)).as_py() or 0)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what is to be checked."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--feature-store", required=True, help="URI of the bucket")
    parser.add_argument("--field", required=True, help="column of the entity")
    parser.add_argument("--entity", default=os.environ.get(ENTITY), help=f"the entity; {ENTITY} unless given")
    parser.add_argument("--table", action="append", default=[], help="table with that column; may be repeated")
    parser.add_argument("--online", help="address of Redis; the online store is not asked unless given")
    parser.add_argument("--view", action="append", default=[], help="NAME=INSTANT that is online; may be repeated")
    parser.add_argument("--wait", type=float, default=240, help="seconds for the online store to follow")
    options = parser.parse_args(argv)
    if options.entity is None:
        parser.error(f"--entity is missing, and {ENTITY} is not set")
    return options


def main(argv: Sequence[str] | None = None) -> None:
    """Print what is left as one line of JSON; fail where that is anything."""
    options = arguments(argv)
    views = dict(each.split("=", 1) for each in options.view)
    own = [view for view in views if view in options.table]
    result: dict[str, Any] = {}
    try:
        result["rows"] = rows_left(ArrowBackend(options.feature_store), options.table, options.field, options.entity)
        left = [f"{rows} rows in {name}" for name, rows in result["rows"].items() if rows]
        if options.online:
            online = OnlineStore.at(options.online)
            found = rows_online(online, views, own, options.entity, options.wait)
            result["online"] = {view: int(view in found) for view in own}
            left += [f"a row of {view} online" for view in found]
    except FeatureStoreError as error:
        sys.exit(f"{JOB}: {error}")
    if left:
        sys.exit(f"{JOB}: of the entity there are {', '.join(left)}: run the deletion again")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
