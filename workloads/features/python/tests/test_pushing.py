"""Pushing metrics never ends a job."""

from __future__ import annotations

import socket

import pytest
from prometheus_client import CollectorRegistry, Gauge

from mlstack_features.pushing import GATEWAY, push


def registry() -> CollectorRegistry:
    made = CollectorRegistry()
    Gauge("rows", "Rows.", registry=made).set(3)
    return made


def test_nothing_is_pushed_where_the_stack_is_not_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(GATEWAY, raising=False)
    assert not push("job", registry())


def test_a_gateway_that_does_not_answer_is_told_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        monkeypatch.setenv(GATEWAY, f"http://127.0.0.1:{port}")
        assert not push("job", registry())
    assert f"job: http://127.0.0.1:{port}: " in capsys.readouterr().err
