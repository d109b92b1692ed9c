"""Records of every kind of damage, the same for the same seed: what people, programs and networks put into a topic."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

SCRIPTS = string.printable + "äß漢字кириعربي😀\u200b\u0000\u001f\u2028,:,:;/\\\"'%"
NAMES = ("colour", "size", "Weight", "note_1", "größe", "a b", "", "1st", "_private", "_hoodie_is_deleted", "user-id")


@dataclass(frozen=True)
class Hostile:
    """A record, as bytes, and whether it must be a row or a dead letter; `None` where either is right."""

    kind: str
    value: bytes | None
    accepted: bool | None = None


def hostile_records(count: int, seed: int) -> Iterator[Hostile]:
    """So many records, each of a randomly drawn kind."""
    draw = random.Random(seed)
    kinds = list(_KINDS.items())
    recent: list[bytes] = []
    for number in range(count):
        fields: dict[str, object] = {
            "event_id": f"{seed:x}-{number:x}",
            "user_id": draw.randrange(1000),
            "session_id": f"s{draw.randrange(500)}",
            "event": draw.choice(("home", "catalog", "cart", "purchase")),
            "timestamp": f"2026-01-0{draw.randrange(1, 4)}T{draw.randrange(24):02d}:{draw.randrange(60):02d}:00Z",
        }
        fate = draw.random()
        if fate < 0.3:
            recent.append(_json(fields))
            yield Hostile("sound", recent[-1], accepted=True)
        elif fate < 0.35 and recent:
            yield Hostile("duplicate", draw.choice(recent), accepted=True)
        else:
            kind, make = draw.choice(kinds)
            accepted, value = make(fields, draw)
            yield Hostile(kind, value, accepted)


Maker = Callable[[dict[str, object], random.Random], tuple[bool | None, bytes | None]]


def _json(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", errors="surrogatepass")


def _with(**changes: Callable[[random.Random], object]) -> Maker:
    return lambda fields, draw: (None, _json({**fields, **{name: make(draw) for name, make in changes.items()}}))


def _rejected(**changes: Callable[[random.Random], object]) -> Maker:
    return lambda fields, draw: (False, _json({**fields, **{name: make(draw) for name, make in changes.items()}}))


def _text(draw: random.Random) -> str:
    return "".join(draw.choices(SCRIPTS, k=draw.randrange(1, 40)))


def _unique(draw: random.Random) -> str:
    """Digits that no other key has: a key that comes again on another day is another matter."""
    return str(draw.randrange(10**17, 10**18))


def _object(key: str) -> object:
    return {"a": [key]}


def _time(draw: random.Random) -> str:
    year, month, day = draw.randrange(0, 10000), draw.randrange(0, 14), draw.randrange(0, 33)
    clock = f"{draw.randrange(26):02d}:{draw.randrange(62):02d}"
    end = draw.choice(("", "Z", ":00Z", ":60Z", ":00.123456789Z", "+02:00", " Europe/Berlin", " Mars/Base", " PM"))
    return f"{year:04d}-{month:02d}-{day:02d}{draw.choice('T ')}{clock}{end}"


def _damaged(damage: Callable[[bytes, random.Random], bytes | None]) -> Maker:
    return lambda fields, draw: (False, damage(_json(fields), draw))


def _flipped(value: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(value))
    return value[:at] + bytes([draw.randrange(256)]) + value[at + 1 :]


def _raw(key: str, text: Callable[[random.Random], str]) -> Maker:
    def make(fields: dict[str, object], draw: random.Random) -> tuple[bool | None, bytes]:
        return False, _json({**fields, key: "@"}).replace(b'"@"', text(draw).encode())

    return make


_KINDS: Mapping[str, Maker] = {
    "tombstone": lambda _fields, _draw: (False, None),
    "nothing": lambda _fields, draw: (False, draw.choice((b"", b" ", b"\n", b"null", b"0", b'""', b"[]", b"{}"))),
    "noise": lambda _fields, draw: (False, draw.randbytes(draw.randrange(1, 300))),
    "cut": _damaged(lambda value, draw: value[: draw.randrange(len(value))]),
    "flipped": lambda fields, draw: (None, _flipped(_json(fields), draw)),
    "two": _damaged(lambda value, draw: value + draw.choice((b"", b" ", b",", b"\n")) + value),
    "trailing": _damaged(lambda value, draw: value + draw.choice((b"x", b"}", b"]", b",", b",0] {}", b"//", b'"'))),
    "array": _damaged(lambda value, _draw: b"[" + value + b"]"),
    "mark": _damaged(lambda value, _draw: b"\xef\xbb\xbf" + value),
    "latin": _damaged(lambda value, _draw: value.replace(b'"s', b'"caf\xe9')),
    "utf-16": _damaged(lambda value, _draw: value.decode().encode("utf-16")),
    "quotes": _damaged(lambda value, _draw: value.replace(b'"', b"'")),
    "deep": _raw("deep", lambda draw: "[" * (depth := draw.choice((2000, 20000))) + "]" * depth),
    "surrogate": _raw("session_id", lambda draw: draw.choice((r'"\ud800"', r'"\udc00a"', r'"\ud800\ud800"'))),
    "empty key": _rejected(event_id=lambda draw: draw.choice(("", " ", "   ", None))),
    "empty session": _rejected(session_id=lambda draw: draw.choice(("", " ", None))),
    "key of any text": _with(event_id=lambda draw: _text(draw) + _unique(draw)),
    "long key": _with(event_id=lambda draw: _text(draw) * 200 + _unique(draw)),
    "key of any type": _with(event_id=lambda draw: draw.choice((int, _object))(_unique(draw))),
    "session of any text": _with(session_id=_text),
    "number out of range": _rejected(
        user_id=lambda draw: draw.choice((-1, 2**63, -(2**63), 10**30, 1.5, "", "many", True, {}, []))
    ),
    "number that is none": _raw("user_id", lambda draw: draw.choice(("NaN", "-Infinity", "1e999", "01", "0x1", "+1"))),
    "time of any year": _with(timestamp=_time),
    "time ahead": _rejected(timestamp=lambda draw: f"{draw.randrange(2100, 10000)}-01-01T00:00:00Z"),
    "time of no form": _rejected(
        timestamp=lambda draw: draw.choice((0, 1767607200, "12:30", "2024", "yesterday", "20260105T100000Z", "", {}))
    ),
    "name of any case": lambda fields, draw: (
        False,
        _json({**fields, draw.choice(("Event_Id", "USER_ID", "Timestamp", "event_date", "KAFKA_TIME")): 1}),
    ),
    "names of any script": lambda fields, draw: (
        None,
        _json({**fields, **{name: _text(draw) for name in draw.sample(NAMES, 2)}}),
    ),
    "names that differ in case": lambda fields, _draw: (False, _json({**fields, "Colour": 1, "colour": 2})),
    "name twice": lambda fields, draw: (
        None,
        _json(fields)[:-1] + f', "event_id": "again {_unique(draw)}"}}'.encode(),
    ),
    "large": _with(platform=lambda draw: "x" * draw.choice((1000, 100_000))),
}
