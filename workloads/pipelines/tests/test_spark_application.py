"""Tests of a step that finds a SparkApplication of an earlier attempt."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mlstack_pipelines import spark_application
from mlstack_pipelines.spark_application import Application, run
from mlstack_pipelines.step import StepError

WANTED = Application("ml", "fit-1", {"metadata": {"name": "fit-1"}})
COMPLETED = {"status": {"applicationState": {"state": "COMPLETED"}}}


class Cluster(spark_application.ApiServer):
    """A cluster in which the driver of a deleted application is there for some questions more."""

    def __init__(self, lingering: int) -> None:
        self.lingering = lingering
        self.created_beside_a_driver: bool | None = None

    def has_pod(self, namespace: str, pod: str) -> bool:
        assert (namespace, pod) == ("ml", "fit-1-driver")
        self.lingering -= 1
        return self.lingering >= 0

    def get(self, namespace: str, name: str) -> Mapping[str, object] | None:
        return None if self.created_beside_a_driver is None else COMPLETED

    def create(self, application: Mapping[str, object]) -> None:
        self.created_beside_a_driver = self.lingering > 0


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_application, "POLL_SECONDS", 0)


def test_an_application_is_made_once_the_driver_of_a_deleted_one_is_gone() -> None:
    cluster = Cluster(lingering=3)
    run(cluster, WANTED, complete=lambda: True, seconds=10)
    assert cluster.created_beside_a_driver is False


def test_a_driver_that_never_goes_fails_the_step_with_its_reason() -> None:
    cluster = Cluster(lingering=1_000_000_000)
    with pytest.raises(StepError, match="the driver of an earlier SparkApplication ml/fit-1 has not gone within 0 s"):
        run(cluster, WANTED, complete=lambda: True, seconds=0)
    assert cluster.created_beside_a_driver is None
