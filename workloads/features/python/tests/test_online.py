"""The online store on a real Redis, which the test starts on a free port of the loopback address."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("redis")

from mlstack_features import FeatureStoreError  # noqa: E402
from mlstack_features.online import OnlineStore  # noqa: E402

START = datetime(2026, 1, 1, tzinfo=UTC)


def row(user: int, hours: int, value: float) -> dict[str, object]:
    return {"user_id": user, "valid_from": START + timedelta(hours=hours), "value": value}


def test_the_newest_row_stays_whatever_the_order(online: OnlineStore) -> None:
    assert online.put("order", "user_id", [row(1, 2, 0.2), row(1, 1, 0.1), row(2, 5, 0.5)]) == 2
    assert online.put("order", "user_id", [row(1, 1, 9.9)]) == 0
    assert online.lookup("order", 1) == {"user_id": 1, "valid_from": START + timedelta(hours=2), "value": 0.2}
    assert online.lookup("order", 3) is None
    assert [each and each["value"] for each in online.lookup_many("order", [2, 3, 1])] == [0.5, None, 0.2]


def test_features_of_several_views_come_in_one_answer(online: OnlineStore) -> None:
    online.put("users", "user_id", [row(1, 2, 0.2), row(2, 5, 0.5)])
    online.put("shops", "shop", [{"shop": "a", "valid_from": START, "value": 7.0, "open": None}])
    asked = ["users:value", "shops:value", "shops:open"]
    entities = {"users": [1, 3], "shops": ["a", "b"]}
    assert online.features(asked, entities, full_names=True) == [
        {"users__value": 0.2, "shops__value": 7.0, "shops__open": None},
        {"users__value": None, "shops__value": None, "shops__open": None},
    ]
    assert online.features(["users:value"], [2, 1]) == [{"value": 0.5}, {"value": 0.2}]
    assert online.features(["users:value"], []) == []


def test_features_that_there_are_not_are_refused(online: OnlineStore) -> None:
    online.put("users", "user_id", [row(1, 2, 0.2)])
    with pytest.raises(FeatureStoreError, match="users has no feature wealth; it has user_id, valid_from, value"):
        online.features(["users:wealth"], [1])
    with pytest.raises(FeatureStoreError, match="give as many for each view; there are 1 of users, 2 of shops"):
        online.features(["users:value", "shops:open"], {"users": [1], "shops": ["a", "b"]})
    with pytest.raises(FeatureStoreError, match="none are given for the view shops"):
        online.features(["users:value", "shops:open"], {"users": [1]})


def test_a_correction_of_the_newest_row_replaces_it(online: OnlineStore) -> None:
    online.put("fix", "user_id", [row(1, 2, 0.2)])
    assert online.put("fix", "user_id", [row(1, 2, 0.3)]) == 1
    found = online.lookup("fix", 1)
    assert found is not None and found["value"] == 0.3


def test_putting_again_changes_nothing(online: OnlineStore) -> None:
    rows = [row(user, user % 7, user / 10) for user in range(2500)]
    online.put("again", "user_id", rows)
    online.put("again", "user_id", rows)
    assert online.compare("again", "user_id", rows).consistent


def test_a_comparison_says_what_differs(online: OnlineStore) -> None:
    online.put("check", "user_id", [row(1, 1, 0.1), row(2, 1, 0.2), row(3, 1, 0.3)])
    found = online.compare("check", "user_id", [row(1, 1, 0.1), row(2, 3, 0.2), row(3, 1, 0.4), row(4, 1, 0.4)])
    assert (found.compared, found.missing, found.stale, found.different) == (4, ("4",), ("2",), ("3",))
    assert found.lag_seconds == 7200
    assert not found.consistent


def test_a_repair_makes_it_what_the_table_says(online: OnlineStore) -> None:
    online.put("repair", "user_id", [row(1, 5, 0.1), row(2, 1, 0.2), row(3, 1, 0.3)])
    # The state after a rollback: 1 has an earlier row, 2 has none, 3 has its former values.
    rolled_back = [row(1, 2, 0.9), row(3, 1, 0.3)]
    found = online.compare("repair", "user_id", rolled_back)
    assert (found.surplus, found.consistent) == (("2",), False)
    assert online.repair("repair", "user_id", rolled_back) == 2
    assert online.compare("repair", "user_id", rolled_back).consistent
    assert online.lookup("repair", 2) is None
    assert online.lookup("repair", 1) == {"user_id": 1, "valid_from": START + timedelta(hours=2), "value": 0.9}


def test_a_row_is_forgotten_after_its_time(online: OnlineStore) -> None:
    now = datetime.now(UTC)
    brief = OnlineStore(online._client, keep=timedelta(hours=2))
    rows = [{"user_id": n, "valid_from": now - timedelta(hours=2, seconds=-n), "value": 1.0} for n in (-5, 2, 3600)]
    assert brief.put("brief", "user_id", rows) == 2
    assert brief.compare("brief", "user_id", rows).consistent
    assert brief.lookup("brief", -5) is None
    left = online._client.ttl("features:brief:3600")
    assert isinstance(left, int) and 3500 < left <= 3601
    time.sleep(3.5)
    assert brief.lookup("brief", 2) is None
    assert brief.compare("brief", "user_id", rows).consistent


def test_it_tells_how_full_it_is(online: OnlineStore) -> None:
    assert online.memory_share() is None
    online._client.config_set("maxmemory", "100mb")
    share = online.memory_share()
    assert share is not None and 0 < share < 1
    online._client.config_set("maxmemory", "0")


def test_it_remembers_how_far_it_has_followed(online: OnlineStore) -> None:
    assert online.instant("far") is None
    online.reached("far", "20260101000000000")
    assert online.instant("far") == "20260101000000000"
