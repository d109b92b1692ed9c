"""A Spark session with Hudi, made once for all tests that ask for one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stream_tests.local_session import local_session, local_settings, require_jars

if TYPE_CHECKING:
    from mlstack_features.online import OnlineStore


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Settings of local sessions; tests that need one are skipped where Spark does not have Hudi's jar."""
    require_jars("hudi-spark3.5-bundle*")
    return local_settings(tmp_path_factory)


@pytest.fixture(scope="session")
def spark(settings: Mapping[str, str]) -> Iterator[object]:
    """A session in this process."""
    yield from local_session("mlstack-features-tests", settings)


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnlineStore]:
    """An online store on a real Redis, on a free port of the loopback address."""
    redis = pytest.importorskip("redis")
    from mlstack_features.online import OnlineStore

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
