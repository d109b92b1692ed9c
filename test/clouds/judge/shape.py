"""Validation of a value against a cloud's published model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["struct", "list", "map", "string", "number", "boolean", "any"]


@dataclass(frozen=True)
class Shape:
    """A type of a model; members and elements are looked up when they are needed, since models are recursive."""

    kind: Kind
    members: Callable[[], Mapping[str, Shape]] = dict
    element: Callable[[], Shape] | None = None
    required: Sequence[str] = ()
    enum: Sequence[str] = ()
    pattern: str | None = None
    smallest: float | None = None
    largest: float | None = None


@dataclass(frozen=True)
class Mapped:
    """How the inputs of a Pulumi type stand in a model.

    renames: by path with dots and without list indexes; None for what only Pulumi's provider reads.
    added: what the provider or the person's account adds, so that it is not missed.
    """

    renames: Mapping[str, str | None] = field(default_factory=dict)
    added: Sequence[str] = ()


ANY = Shape("any")


def findings(
    shape: Shape, value: object, mapped: Mapped, path: str = ""
) -> Iterator[str]:
    """One line for each thing that the model refuses."""
    if value is None:
        return
    if shape.kind == "string" and isinstance(value, dict):
        value = json.dumps(value)
    if shape.kind == "struct":
        yield from _struct(shape, value, mapped, path)
    elif shape.kind == "list":
        yield from _list(shape, value, mapped, path)
    elif shape.kind == "map":
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no map"
        elif shape.element:
            for key, item in value.items():
                yield from findings(shape.element(), item, mapped, f"{path}[{key}]")
    elif shape.kind == "string":
        yield from _string(shape, value, path)
    elif shape.kind == "number":
        yield from _number(shape, value, path)
    elif (
        shape.kind == "boolean"
        and not isinstance(value, bool)
        and value not in ("true", "false")
    ):
        yield f"{path}: {value!r} is no boolean"


def _struct(shape: Shape, value: object, mapped: Mapped, path: str) -> Iterator[str]:
    # Providers spell a single block as a list of one.
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
        return
    members = shape.members()
    # Azure writes some names with hyphens, which Pulumi leaves out.
    by_lower = {name.lower().replace("-", ""): name for name in members}
    given = set()
    for key, item in value.items():
        here = f"{path}.{key}" if path else key
        plain = re.sub(r"\[[^]]*]", "", here)
        wanted = mapped.renames.get(plain, key)
        if wanted is None or item is None:
            continue
        inner, name = members, ""
        target: Shape | None = None
        # A dotted name goes into objects that Pulumi has flattened.
        for part in wanted.split("."):
            name = (
                part
                if part in inner
                else by_lower.get(part.lower(), "")
                if inner is members
                else ""
            )
            if not name:
                target = None
                break
            if inner is members:
                given.add(name)
            target = inner[name]
            inner = target.members()
        if target is None:
            yield f"{here}: the model has no {wanted}"
        else:
            yield from findings(target, item, mapped, here)
    for name in shape.required:
        full = f"{path}.{name}" if path else name
        if name not in given and full not in mapped.added and name not in mapped.added:
            yield f"{path or 'the resource'}: {name} is missing"


def _list(shape: Shape, value: object, mapped: Mapped, path: str) -> Iterator[str]:
    element = shape.element() if shape.element else ANY
    if isinstance(value, dict):
        keys = {name.lower() for name in element.members()}
        # Tags, which Pulumi takes as a map.
        if keys >= {"key", "value"}:
            value = [{"key": key, "value": item} for key, item in value.items()]
        else:
            value = [value]
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    if shape.smallest is not None and len(value) < shape.smallest:
        yield f"{path}: {len(value)} items, the model takes {shape.smallest} or more"
    if shape.largest is not None and len(value) > shape.largest:
        yield f"{path}: {len(value)} items, the model takes {shape.largest} at most"
    for index, item in enumerate(value):
        yield from findings(element, item, mapped, f"{path}[{index}]")


def _string(shape: Shape, value: object, path: str) -> Iterator[str]:
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        yield f"{path}: {value!r} is no text"
        return
    if shape.enum and value not in shape.enum:
        some = ", ".join(list(shape.enum)[:12])
        yield f"{path}: {value!r} is none of {some}"
    if shape.pattern and not re.search(shape.pattern, value):
        yield f"{path}: {value!r} does not match {shape.pattern}"
    if shape.smallest is not None and len(value) < shape.smallest:
        yield f"{path}: {value!r} has {len(value)} characters, the model takes {shape.smallest} or more"
    if shape.largest is not None and len(value) > shape.largest:
        yield f"{path}: {value!r} has {len(value)} characters, the model takes {shape.largest} at most"


def _number(shape: Shape, value: object, path: str) -> Iterator[str]:
    try:
        number = float(str(value))
    except ValueError:
        yield f"{path}: {value!r} is no number"
        return
    if isinstance(value, bool):
        yield f"{path}: {value!r} is no number"
    if shape.smallest is not None and number < shape.smallest:
        yield f"{path}: {value}, the model takes {shape.smallest} or more"
    if shape.largest is not None and number > shape.largest:
        yield f"{path}: {value}, the model takes {shape.largest} at most"
