"""The online store on a real Redis, which the test starts on a free port of the loopback address."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

redis = pytest.importorskip("redis")

from mlstack_features.online import OnlineStore  # noqa: E402

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnlineStore]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on the path")
    folder: Path = tmp_path_factory.mktemp("redis")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    for _ in range(200):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    yield OnlineStore(client)
    server.terminate()
    server.wait()


def row(user: int, hours: int, value: float) -> dict[str, object]:
    return {"user_id": user, "valid_from": START + timedelta(hours=hours), "value": value}


def test_the_newest_row_stays_whatever_the_order(online: OnlineStore) -> None:
    assert online.put("order", "user_id", [row(1, 2, 0.2), row(1, 1, 0.1), row(2, 5, 0.5)]) == 2
    assert online.put("order", "user_id", [row(1, 1, 9.9)]) == 0
    assert online.lookup("order", 1) == {"user_id": 1, "valid_from": "2026-01-01T02:00:00+00:00", "value": 0.2}
    assert online.lookup("order", 3) is None
    assert [each and each["value"] for each in online.lookup_many("order", [2, 3, 1])] == [0.5, None, 0.2]


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


def test_it_remembers_how_far_it_has_followed(online: OnlineStore) -> None:
    assert online.instant("far") is None
    online.reached("far", "20260101000000000")
    assert online.instant("far") == "20260101000000000"
