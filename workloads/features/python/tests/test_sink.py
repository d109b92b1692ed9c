"""The sink from real tables to a real Redis: what is rolled back or deleted in a table does not stay online."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyspark")
pytest.importorskip("hudi")

from event_store import USERS, Store  # noqa: E402

from mlstack_features import VALID_FROM, FeatureStore  # noqa: E402
from mlstack_features.rollback import rollback  # noqa: E402
from mlstack_features.sink import check, follow  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from mlstack_features.online import OnlineStore

VIEW = "user_activity"


def test_what_was_rolled_back_does_not_stay_online(spark: SparkSession, tmp_path: Path, online: OnlineStore) -> None:
    store = Store(spark, tmp_path)
    store.events(("a", 1, 0.5, "catalog"), ("b", 2, 1.5, "catalog"))
    store.run(4)
    near = FeatureStore.at(store.uri)
    first = near.history(VIEW)[-1].time
    assert follow(near, online, VIEW) > 0
    before = [online.lookup(VIEW, user) for user in (1, 2, 3)]
    assert check(near, online, VIEW).consistent

    store.events(("c", 1, 8.5, "catalog"), ("d", 3, 8.5, "catalog"))
    store.run(10)
    assert follow(near, online, VIEW) > 0
    assert check(near, online, VIEW).consistent
    newer, added = online.lookup(VIEW, 1), online.lookup(VIEW, 3)
    assert newer is not None and before[0] is not None and newer[VALID_FROM] > before[0][VALID_FROM]
    assert added is not None

    rollback(spark, argparse.Namespace(view=json.dumps(USERS), feature_store=store.uri, instant=first))
    follow(near, online, VIEW)
    assert [online.lookup(VIEW, user) for user in (1, 2, 3)] == before
    assert check(near, online, VIEW).consistent
    # Nothing has happened since.
    assert follow(near, online, VIEW) == 0
