"""Synthetic click-stream events with the faults of a real stream, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Kind = Literal["good", "late", "duplicate", "malformed"]

MALFORMED, LATE, DUPLICATE = 0.01, 0.02, 0.03
"""Shares of the messages."""

START = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=3)
"""Event time that the events spread over unless told otherwise, however many there are."""

EVENTS = (
    ("main", 20),
    ("catalog", 30),
    ("product_view", 25),
    ("search", 8),
    ("add_to_cart", 6),
    ("cart", 5),
    ("payment_details", 3),
    ("purchase", 2),
    ("support_chat", 1),
)
PLATFORMS = ("web", "ios", "android")
CHANNELS = ("organic", "ads", "email", "referral")

_RECENT = 4096
"""Maximum distance between a record and its duplicate."""


@dataclass(frozen=True, slots=True)
class Message:
    """A record for the topic, and what is the matter with it."""

    kind: Kind
    key: str
    value: str
    fault: str = ""
    """Reason that its dead letter must give."""


def generate(
    count: int, seed: int, *, users: int | None = None, start: datetime = START, span: timedelta = SPAN
) -> Iterator[Message]:
    """So many messages; users and sessions are skewed, as a few people do most of the clicking.

    `users`: how many there are, a hundredth of the messages unless given. `start`, `span`: when the events happen.
    """
    draw = random.Random(seed)
    users = users or max(10, count // 100)
    names, weights = [name for name, _ in EVENTS], [weight for _, weight in EVENTS]
    events = draw.choices(names, weights, k=1 << 16)
    step = span / count
    recent: list[Message] = []
    for number in range(count):
        fate = draw.random()
        if fate < DUPLICATE and recent:
            original = recent[int(draw.random() * len(recent))]
            yield Message("duplicate", original.key, original.value)
            continue
        # The cube of a uniform number: a tenth of the users make nearly half of the events.
        user = int(users * draw.random() ** 3)
        time = start + number * step
        late = DUPLICATE <= fate < DUPLICATE + LATE
        if late:
            time -= timedelta(minutes=60 + draw.random() * 1380)
        session = f"s{user}-{int((time - START) / timedelta(minutes=30))}"
        fields = {
            "event_id": f'"{seed:x}-{number:x}"',
            "user_id": str(user),
            "session_id": f'"{session}"',
            "event": f'"{events[int(draw.random() * 65536)]}"',
            "timestamp": f'"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"',
            "platform": f'"{PLATFORMS[user % 3]}"',
            "acquisition_channel": f'"{CHANNELS[user % 4]}"',
        }
        if fate > 1 - MALFORMED:
            value, fault = _break(fields, draw)
            yield Message("malformed", session, value, fault)
            continue
        message = Message("late" if late else "good", session, _json(fields))
        if len(recent) < _RECENT:
            recent.append(message)
        else:
            recent[number % _RECENT] = message
        yield message


def _json(fields: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"


def _break(fields: dict[str, str], draw: random.Random) -> tuple[str, str]:
    """A faulty record, and the reason that its dead letter must give."""
    match draw.randrange(6):
        case 0:
            return _json(fields)[:-20], "not a JSON object"
        case 1:
            del fields["session_id"]
            fault = "session_id: missing"
        case 2:
            fields["user_id"] = '"someone"'
            fault = "user_id: not a long"
        case 3:
            fields["timestamp"] = '"yesterday"'
            fault = "timestamp: not a timestamp"
        case 4:
            fields["event"] = '"<script>"'
            fault = "event: not of the declared form"
        case _:
            fields["user_id"] = "-7"
            fault = "user_id: below 0"
    return _json(fields), fault
