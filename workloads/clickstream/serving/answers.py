"""Requests and answers in KServe's first protocol, and what is said of a request that is none."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np

from serving.models import Served

NAME = "clickstream"
MODEL = f"/v1/models/{NAME}"
PREDICT = f"{MODEL}:predict"

MOST_INSTANCES = 1000
"""Sessions of one request."""

MOST_BYTES = 1 << 20
"""Length of a request's body."""

Answer = tuple[int, Mapping[str, object]]


class BadRequest(Exception):
    """A fault in a request, with its place and the remedy."""


def answer(served: Served, method: str, path: str, body: bytes) -> Answer:
    """Status and content of the answer to a request."""
    match method, path:
        case "POST", path if path == PREDICT:
            try:
                return 200, {"predictions": predict(served, body)}
            except BadRequest as error:
                return 400, {"error": str(error)}
        case "GET", path if path == MODEL:
            return 200, describe(served)
        case "GET", "/healthz" | "/":
            return 200, {"status": "alive"}
        case _, path if path in (PREDICT, MODEL):
            return 405, {"error": f"{method} {path}: not allowed; POST {PREDICT}, GET {MODEL}"}
        case _:
            return 404, {"error": f"{path}: nothing there; POST {PREDICT}, GET {MODEL}"}


def describe(served: Served) -> dict[str, object]:
    """Description of the served model, its quality, and the fields of a request."""
    return {
        "name": NAME,
        "ready": True,
        "framework": served.framework,
        "run": served.run,
        "metrics": dict(served.metrics),
        "numbers": list(served.numbers),
        "categories": {name: list(values) for name, values in served.categories.items()},
    }


def predict(served: Served, body: bytes) -> list[float]:
    """The probability of a purchase for each session of a request."""
    instances = _instances(body)
    fields = [*served.numbers, *served.categories]
    for index, instance in enumerate(instances):
        _check(served, instance, f"instances[{index}]", fields)
    columns = {name: np.array([instance[name] for instance in instances], dtype=np.float64) for name in served.numbers}
    for name in served.categories:
        columns[name] = np.array([instance[name] for instance in instances], dtype=object)
    return [round(float(value), 6) for value in served.score(columns)]


def _instances(body: bytes) -> list[Mapping[str, object]]:
    try:
        request = json.loads(body)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
        raise BadRequest('the body lacks a list "instances"; write {"instances": [{...}]}')
    instances = request["instances"]
    if not instances:
        raise BadRequest("instances: empty; name a session at least")
    if len(instances) > MOST_INSTANCES:
        raise BadRequest(f"instances: {len(instances)} sessions; at most {MOST_INSTANCES} in one request")
    return instances


def _check(served: Served, instance: object, path: str, fields: list[str]) -> None:
    if not isinstance(instance, dict):
        raise BadRequest(f"{path}: not an object; write the session's fields by name")
    if len(instance) != len(fields) or any(name not in instance for name in fields):
        _name_difference(instance, path, fields)
    for name in served.numbers:
        value = instance[name]
        # JSON's `true` is a number to Python, and to nobody else.
        if type(value) not in (int, float) or not 0 <= value < math.inf:
            raise BadRequest(f"{path}.{name}: {json.dumps(value)[:80]}; write a number that is not negative")
    for name in served.categories:
        if type(instance[name]) is not str:
            raise BadRequest(f"{path}.{name}: {json.dumps(instance[name])[:80]}; write a text")


def _name_difference(instance: Mapping[str, object], path: str, fields: list[str]) -> None:
    missing = [name for name in fields if name not in instance]
    if missing:
        raise BadRequest(f"{path}: lacks {', '.join(missing)}")
    unknown = [name for name in instance if name not in fields]
    raise BadRequest(f"{path}.{unknown[0]}: no such field; the model knows {', '.join(fields)}")
