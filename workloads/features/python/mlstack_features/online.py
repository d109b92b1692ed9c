"""The online store: the newest row of each entity in Redis, for the path that serves a model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, cast

import redis

from mlstack_features.feature_references import columns_by_view, require_views
from mlstack_features.store import VALID_FROM, FeatureStoreError

Row = Mapping[str, Any]
"""A feature row by column; values are what JSON holds, and times."""

_BATCH = 1000

# A correction of an old row comes after the row that is newer: the time that a row holds from decides, not arrival.
# One key a call: the keys of a Redis Cluster lie on different machines.
_PUT_IF_NEWER = """
local known = redis.call('HGET', KEYS[1], 't')
if known and ARGV[3] == '' and tonumber(known) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 't', ARGV[1], 'v', ARGV[2])
if ARGV[4] ~= '' then redis.call('EXPIREAT', KEYS[1], ARGV[4]) end
return 1
"""


@dataclass(frozen=True)
class Comparison:
    """Differences between the online store and the table it follows."""

    compared: int
    missing: tuple[str, ...]
    """Entities that the table has and the online store lacks."""
    stale: tuple[str, ...]
    """Entities whose online row holds from an earlier time."""
    different: tuple[str, ...]
    """Entities whose rows hold from the same time and differ in a value."""
    surplus: tuple[str, ...]
    """Entities that are online and have no row in the table, such as those that were deleted there."""
    lag_seconds: float
    """Greatest age of an online row behind its table's."""

    @property
    def consistent(self) -> bool:
        """Whether the two say the same."""
        return not (self.missing or self.stale or self.different or self.surplus)


class OnlineStore:
    """Rows by view and entity."""

    def __init__(self, client: redis.Redis, prefix: str = "features", keep: timedelta | None = None) -> None:
        """Rows that hold from a time longer than `keep` ago are forgotten; none unless given."""
        self._client = client
        self._keep = keep
        self._prefix = prefix
        self._put = client.register_script(_PUT_IF_NEWER)

    @staticmethod
    def at(url: str, keep: timedelta | None = None) -> OnlineStore:
        """The store at an address such as `redis://:password@online-store:6379`."""
        return OnlineStore(redis.Redis.from_url(url), keep=keep)

    def lookup(self, view: str, entity: str | int) -> dict[str, Any] | None:
        """The newest row of an entity; None when it has none."""
        return _decoded(cast("bytes | None", self._client.hget(self._key(view, entity), "v")))

    def lookup_many(self, view: str, entities: Sequence[str | int]) -> list[dict[str, Any] | None]:
        """The newest rows of entities, in one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for entity in entities:
            pipeline.hget(self._key(view, entity), "v")
        return [_decoded(value) for value in pipeline.execute()]

    def features(
        self,
        features: Sequence[str],
        entities: Sequence[str | int] | Mapping[str, Sequence[str | int]],
        *,
        full_names: bool = False,
    ) -> list[dict[str, Any]]:
        """Newest features of entities, a dictionary for each, in one round trip; None where an entity has no row.

        `features` are references `VIEW:COLUMN`, named in the answer as by `FeatureStore.historical_features`. Views of
        different entities get their own, in the same order: `{"user_activity": [7], "session_activity": ["a"]}`.
        """
        asked = columns_by_view(features, full_names=full_names)
        of_views = entities if isinstance(entities, Mapping) else dict.fromkeys(asked, entities)
        require_views("entities", of_views, asked)
        if missing := [view for view in asked if view not in of_views]:
            raise FeatureStoreError(f"entities: none are given for the view {missing[0]}")
        counts = {len(each) for each in of_views.values()}
        if len(counts) > 1:
            given = ", ".join(f"{len(each)} of {view}" for view, each in of_views.items())
            raise FeatureStoreError(f"entities: give as many for each view; there are {given}")
        pipeline = self._client.pipeline(transaction=False)
        for view in asked:
            for entity in of_views[view]:
                pipeline.hget(self._key(view, entity), "v")
        values = iter(pipeline.execute())
        found: list[dict[str, Any]] = [{} for _ in range(counts.pop())]
        for view, names in asked.items():
            for answer in found:
                row = _decoded(next(values)) or {}
                if unknown := [column for column in names if row and column not in row]:
                    raise FeatureStoreError(f"{view} has no feature {unknown[0]}; it has {', '.join(row)}")
                answer.update({name: row.get(column) for column, name in names.items()})
        return found

    def put(self, view: str, entity: str, rows: Iterable[Row], *, replace: bool = False) -> int:
        """Keep each row unless a newer one of its entity is there, or whatever is there; how many were kept."""
        kept = 0
        every = (row for row in rows if not self._forgotten(row))
        while batch := list(islice(every, _BATCH)):
            pipeline = self._client.pipeline(transaction=False)
            for row in batch:
                encoded = json.dumps(row, default=_encoded)
                force = "1" if replace else ""
                values: list[str | int] = [_microseconds(row[VALID_FROM]), encoded, force, self._end(row)]
                self._put(keys=[self._key(view, row[entity])], args=values, client=pipeline)
            kept += sum(pipeline.execute())
        return kept

    def repair(self, view: str, entity: str, rows: Iterable[Row]) -> int:
        """Make the store say what the newest rows of the table say, whatever it holds; how many entities changed.

        What a table takes back is not among the rows that it has written since: it is found here.
        """
        changed = 0
        present: set[bytes] = set()
        every = (row for row in rows if not self._forgotten(row))
        while batch := list(islice(every, _BATCH)):
            present |= {self._key(view, row[entity]).encode() for row in batch}
            online = self.lookup_many(view, [row[entity] for row in batch])
            wrong = [row for row, known in zip(batch, online, strict=True) if known != _as_read(row)]
            changed += self.put(view, entity, wrong, replace=True)
        for key in self._keys(view):
            if key not in present:
                changed += self._client.delete(key)
        return changed

    def memory_share(self) -> float | None:
        """How much of the memory that it may take the store has taken, from 0 to 1; None where there is no limit."""
        known = self._client.info("memory")
        most = int(known.get("maxmemory", 0))
        return int(known["used_memory"]) / most if most else None

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
        present: set[bytes] = set()
        kept = (row for row in rows if not self._forgotten(row))
        for row, online in self._beside(view, entity, kept):
            compared += 1
            name = str(row[entity])
            present.add(self._key(view, row[entity]).encode())
            if online is None:
                missing.append(name)
                continue
            behind = _time(row[VALID_FROM]) - _time(online[VALID_FROM])
            lag = max(lag, behind.total_seconds())
            if behind.total_seconds() > 0:
                stale.append(name)
            elif online != _as_read(row):
                different.append(name)
        surplus = [key.decode().rsplit(":", 1)[-1] for key in self._keys(view) if key not in present]
        return Comparison(
            compared, tuple(missing[:most]), tuple(stale[:most]), tuple(different[:most]), tuple(surplus[:most]), lag
        )

    def _beside(self, view: str, entity: str, rows: Iterable[Row]) -> Iterator[tuple[Row, dict[str, Any] | None]]:
        every = iter(rows)
        while batch := list(islice(every, _BATCH)):
            yield from zip(batch, self.lookup_many(view, [row[entity] for row in batch]), strict=True)

    def _keys(self, view: str) -> Iterator[bytes]:
        yield from self._client.scan_iter(match=f"{self._prefix}:{view}:*", count=_BATCH)

    def _forgotten(self, row: Row) -> bool:
        return self._keep is not None and _time(row[VALID_FROM]) + self._keep <= datetime.now(UTC)

    def _end(self, row: Row) -> str | int:
        return "" if self._keep is None else int((_time(row[VALID_FROM]) + self._keep).timestamp()) + 1

    def _key(self, view: str, entity: str | int) -> str:
        return f"{self._prefix}:{view}:{entity}"


def _decoded(value: bytes | None) -> dict[str, Any] | None:
    if value is None:
        return None
    row: dict[str, Any] = json.loads(value)
    # As the table's own readers give it.
    return {**row, VALID_FROM: _time(row[VALID_FROM])}


def _as_read(row: Row) -> dict[str, Any] | None:
    """A row of the table as `lookup` gives it once it was put."""
    return _decoded(json.dumps(row, default=_encoded).encode())


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
