"""Registry of models that passed the gate: one record per version, and a pointer to the latest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from mlstack_pipelines import store
from mlstack_pipelines.spark_application import digest


class Registered(NamedTuple):
    """A version of the model."""

    version: str
    record: str


def register_model(folder: str, model: str, instant: str, metrics: Mapping[str, float]) -> Registered:
    """Writes the record of a model, named by its content, and that it is the latest."""
    version = digest(model, instant)
    record = f"{folder}/registered/{version}.json"
    content = {
        "version": version,
        "model": model,
        "instant": instant,
        "metrics": dict(metrics),
        "registeredAt": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    for uri in (record, f"{folder}/registered/latest.json"):
        store.write_bytes(uri, (json.dumps(content, indent=2) + "\n").encode())
    return Registered(version, record)
