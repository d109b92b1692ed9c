"""mlstack-features: what is in the feature store, as JSON; `npm run features` runs it in the cluster, and shows it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from mlstack_features.arrow import ArrowBackend
from mlstack_features.difference import difference
from mlstack_features.drift_report import drift_rows, latest_report
from mlstack_features.freshness import freshness
from mlstack_features.store import VALID_FROM, FeatureStore, FeatureStoreError


def answer(store: FeatureStore[pa.Table], options: argparse.Namespace) -> list[Mapping[str, Any]]:
    """Rows of the table that answers a question."""
    match options.question:
        case "list":
            return [_summary(store, name) for name in store.list()]
        case "show":
            return list(_rows(store, options.view).slice(0, options.rows).to_pylist())
        case "history":
            return [{"instant": each.time, "action": each.action} for each in store.history(options.view)]
        case "drift":
            return drift_rows(latest_report(options.models, options.model))
        case "freshness":
            return freshness(ArrowBackend(options.feature_store), options.view)
        case _:
            keys = store.keys(options.view)
            before, after = (store.as_of(options.view, each).to_pylist() for each in (options.before, options.after))
            found = difference(keys, before, after)
            return [{**found.__dict__, "columns": ", ".join(f"{name} {n}" for name, n in found.columns.items())}]


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the question."""
    parser = argparse.ArgumentParser(prog="mlstack-features", description=__doc__)
    parser.add_argument("--feature-store", required=True, help="URI of the bucket")
    parser.add_argument("--models", help="URI of the bucket with the models")
    questions = parser.add_subparsers(dest="question", required=True)
    questions.add_parser("list", help="views with their entity and latest instant")
    show = questions.add_parser("show", help="rows of a view")
    show.add_argument("view")
    show.add_argument("--rows", type=int, default=20)
    questions.add_parser("history", help="instants of a view").add_argument("view")
    drift = questions.add_parser("drift", help="how far a model's columns and scores had moved at the last look")
    drift.add_argument("model")
    fresh = questions.add_parser("freshness", help="how old the events of a table were when each commit ended")
    fresh.add_argument("view")
    diff = questions.add_parser("diff", help="how a view's rows differ between two instants")
    for name in ("view", "before", "after"):
        diff.add_argument(name)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the answer as one line of JSON."""
    options = arguments(argv)
    try:
        print(json.dumps(answer(FeatureStore.at(options.feature_store), options), default=_text))
    except FeatureStoreError as error:
        sys.exit(f"mlstack-features: {error}")


def _summary(store: FeatureStore[pa.Table], name: str) -> Mapping[str, Any]:
    history = store.history(name)
    return {
        "view": name,
        "key": ", ".join(store.keys(name)),
        "instants": len(history),
        "latest": history[-1].time if history else "",
    }


def _rows(store: FeatureStore[pa.Table], name: str) -> pa.Table:
    history = store.history(name)
    if not history:
        raise FeatureStoreError(f"{name} has no commit yet")
    rows = store.as_of(name, history[-1].time)
    # Tables of events have rows, and none that holds from a time on.
    return store.latest(name) if VALID_FROM in rows.column_names else rows


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


if __name__ == "__main__":
    main()
