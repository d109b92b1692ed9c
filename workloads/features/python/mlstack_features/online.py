"""The online store: the newest row of each entity in Redis, for the path that serves a model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, cast

import redis

from mlstack_features.store import VALID_FROM

Row = Mapping[str, Any]
"""A feature row by column; values are what JSON holds, and times."""

_BATCH = 1000

# A correction of an old row comes after the row that is newer: the time that a row holds from decides, not arrival.
_PUT_IF_NEWER = """
local put = 0
for i = 1, #KEYS do
  local known = redis.call('HGET', KEYS[i], 't')
  if not known or tonumber(known) <= tonumber(ARGV[2 * i - 1]) then
    redis.call('HSET', KEYS[i], 't', ARGV[2 * i - 1], 'v', ARGV[2 * i])
    put = put + 1
  end
end
return put
"""


@dataclass(frozen=True)
class Comparison:
    """How the online store differs from the table it follows."""

    compared: int
    missing: tuple[str, ...]
    """Entities that the table has and the online store lacks."""
    stale: tuple[str, ...]
    """Entities whose online row holds from an earlier time."""
    different: tuple[str, ...]
    """Entities whose rows hold from the same time and differ in a value."""
    lag_seconds: float
    """Greatest age of an online row behind its table's."""

    @property
    def consistent(self) -> bool:
        """Whether the two say the same."""
        return not (self.missing or self.stale or self.different)


class OnlineStore:
    """Rows by view and entity."""

    def __init__(self, client: redis.Redis, prefix: str = "features") -> None:
        self._client = client
        self._prefix = prefix
        self._put = client.register_script(_PUT_IF_NEWER)

    @staticmethod
    def at(url: str) -> OnlineStore:
        """The store at an address such as `redis://online-store:6379`."""
        return OnlineStore(redis.Redis.from_url(url))

    def lookup(self, view: str, entity: str | int) -> dict[str, Any] | None:
        """The newest row of an entity; None when it has none."""
        return _decoded(cast("bytes | None", self._client.hget(self._key(view, entity), "v")))

    def lookup_many(self, view: str, entities: Sequence[str | int]) -> list[dict[str, Any] | None]:
        """The newest rows of entities, in one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for entity in entities:
            pipeline.hget(self._key(view, entity), "v")
        return [_decoded(value) for value in pipeline.execute()]

    def put(self, view: str, entity: str, rows: Iterable[Row]) -> int:
        """Keep each row unless a newer one of its entity is there. @returns how many were kept."""
        kept = 0
        every = iter(rows)
        while batch := list(islice(every, _BATCH)):
            keys = [self._key(view, row[entity]) for row in batch]
            values: list[str | int] = []
            for row in batch:
                values += [_microseconds(row[VALID_FROM]), json.dumps(row, default=_encoded)]
            kept += int(cast(int, self._put(keys=keys, args=values)))
        return kept

    def instant(self, view: str) -> str | None:
        """The instant of the table that the store has followed up to."""
        value = cast("bytes | None", self._client.get(f"{self._prefix}-instant:{view}"))
        return None if value is None else value.decode()

    def reached(self, view: str, instant: str) -> None:
        """Note that everything up to an instant is there; after the rows, so that a killed sink puts them again."""
        self._client.set(f"{self._prefix}-instant:{view}", instant)

    def compare(self, view: str, entity: str, rows: Iterable[Row], most: int = 20) -> Comparison:
        """Compare newest rows of the table with what is online, key by key."""
        missing: list[str] = []
        stale: list[str] = []
        different: list[str] = []
        compared, lag = 0, 0.0
        for row, online in self._beside(view, entity, rows):
            compared += 1
            name = str(row[entity])
            if online is None:
                missing.append(name)
                continue
            behind = _time(row[VALID_FROM]) - _time(online[VALID_FROM])
            lag = max(lag, behind.total_seconds())
            if behind.total_seconds() > 0:
                stale.append(name)
            elif online != json.loads(json.dumps(row, default=_encoded)):
                different.append(name)
        return Comparison(compared, tuple(missing[:most]), tuple(stale[:most]), tuple(different[:most]), lag)

    def _beside(self, view: str, entity: str, rows: Iterable[Row]) -> Iterator[tuple[Row, dict[str, Any] | None]]:
        every = iter(rows)
        while batch := list(islice(every, _BATCH)):
            yield from zip(batch, self.lookup_many(view, [row[entity] for row in batch]), strict=True)

    def _key(self, view: str, entity: str | int) -> str:
        return f"{self._prefix}:{view}:{entity}"


def _decoded(value: bytes | None) -> dict[str, Any] | None:
    return None if value is None else json.loads(value)


def _encoded(value: object) -> str:
    if isinstance(value, datetime):
        return _time(value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not a value of a feature")


def _time(value: datetime | str) -> datetime:
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    # Spark and Arrow give times of UTC without saying so.
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _microseconds(value: datetime | str) -> int:
    time = _time(value)
    return int(time.timestamp()) * 1_000_000 + time.microsecond
