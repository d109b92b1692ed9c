"""A Spark session with Hudi, made once for all tests that ask for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from stream_tests.local_session import local_session, local_settings, require_jars


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A local session; tests that need it are skipped where Spark does not have Hudi's jar."""
    require_jars("hudi-spark3.5-bundle*")
    yield from local_session("mlstack-features-tests", local_settings(tmp_path_factory))
