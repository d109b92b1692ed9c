"""Contract of a stream's records, declared in TypeScript and passed to the jobs as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Type = Literal["string", "long", "double", "boolean", "timestamp"]
Scalar = str | int | float | bool

SQL_TYPES: Mapping[Type, str] = {
    "string": "string",
    "long": "bigint",
    "double": "double",
    "boolean": "boolean",
    "timestamp": "timestamp",
}
"""Types of a contract, in Spark's words."""

PARTITION = "event_date"
KAFKA_TIME = "kafka_time"
"""Columns that ingestion adds to a table: the day of the event, and when the topic got the record."""


@dataclass(frozen=True)
class Field:
    """A field of a record: what it may hold, and what becomes of a record in which it holds something else."""

    name: str
    type: Type
    required: bool = False
    one_of: tuple[Scalar, ...] = ()
    minimum: float | str | None = None
    maximum: float | str | None = None
    pattern: str | None = None
    otherwise: Literal["reject", "drop", "default"] = "reject"
    """`reject` sends the record to the dead letters, `drop` empties the field, `default` fills it."""
    default: Scalar | None = None


@dataclass(frozen=True)
class Deletes:
    """Field and values that mark a record of a change stream as the deletion of its event."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Contract:
    """The fields of a stream's records, and how they lie in their table."""

    name: str
    version: int
    key: tuple[str, ...]
    event_time: str
    ordering: str
    """Ordering field: of two records with the same key, the one with the greater value is kept."""
    fields: tuple[Field, ...]
    additional: Literal["ignore", "keep"] = "ignore"
    """Whether fields that are not declared become text columns of the table."""
    max_ahead_seconds: int = 86_400
    """Seconds that the event time may be ahead of the record's own time."""
    moves_within_days: int = 1
    """By how many days a correction may move an event."""
    deletes: Deletes | None = None
    hudi: Mapping[str, str] = field(default_factory=dict)
    """Settings of the table."""


def parse_contract(text: str) -> Contract:
    """Read a declaration; TypeScript has checked it."""
    declared = json.loads(text)
    fields = tuple(
        Field(
            name=name,
            type=rules["type"],
            required=rules.get("required", False),
            one_of=tuple(rules.get("oneOf", ())),
            minimum=rules.get("min"),
            maximum=rules.get("max"),
            pattern=rules.get("pattern"),
            otherwise=_kind(rules.get("otherwise", "reject")),
            default=_default(rules.get("otherwise")),
        )
        for name, rules in declared["fields"].items()
    )
    return Contract(
        name=declared["name"],
        version=declared["version"],
        key=tuple(declared["key"]),
        event_time=declared["eventTime"],
        ordering=declared["orderBy"],
        fields=fields,
        additional=declared.get("additional", "ignore"),
        max_ahead_seconds=round(declared.get("maxAheadHours", 24) * 3600),
        moves_within_days=declared.get("movesWithinDays", 1),
        deletes=_deletes(declared.get("deletes")),
        hudi=declared["hudi"],
    )


def _deletes(declared: Mapping[str, object] | None) -> Deletes | None:
    return None if declared is None else Deletes(str(declared["field"]), tuple(declared["in"]))  # type: ignore[arg-type]


def _kind(declared: str | Mapping[str, Scalar]) -> Literal["reject", "drop", "default"]:
    match declared:
        case "reject" | "drop":
            return declared
        case _:
            return "default"


def _default(declared: str | Mapping[str, Scalar] | None) -> Scalar | None:
    return declared["default"] if isinstance(declared, Mapping) else None
