"""Point-in-time joins of the Arrow backend, against a definition that is too slow to be wrong."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("hudi")

from mlstack_features.arrow import ArrowBackend  # noqa: E402
from mlstack_features.store import VALID_FROM, FeatureStoreError  # noqa: E402

START = datetime(2026, 1, 1, tzinfo=UTC)
BACKEND = ArrowBackend("file:///nowhere")


def at(minutes: int) -> datetime:
    """A time in the tests' day."""
    return START + timedelta(minutes=minutes)


def features(rows: list[tuple[str, int, int]]) -> pa.Table:
    """Rows of a view: entity, minute from which they hold, value."""
    return pa.table(
        {
            "user": pa.array([user for user, _, _ in rows], pa.string()),
            VALID_FROM: pa.array([at(minute) for _, minute, _ in rows], pa.timestamp("us", "UTC")),
            "value": pa.array([value for _, _, value in rows], pa.int64()),
        }
    )


def labels(rows: list[tuple[str, int]]) -> pa.Table:
    """Labels: entity and minute."""
    times = pa.array([at(minute) for _, minute in rows], pa.timestamp("us", "UTC"))
    return pa.table({"who": [user for user, _ in rows], "when": times})


def joined(left: pa.Table, right: pa.Table, max_age: timedelta | None = None) -> list[int | None]:
    """The joined values in the order of the labels."""
    return BACKEND.join(left, right, "user", "who", "when", ["value"], max_age)["value"].to_pylist()


def test_a_label_sees_the_row_that_held_at_its_time() -> None:
    rows = features([("a", 10, 1), ("a", 20, 2), ("b", 5, 9)])
    assert joined(labels([("a", 9), ("a", 10), ("a", 19), ("a", 20), ("b", 4), ("b", 99), ("c", 50)]), rows) == [
        None,
        1,
        1,
        2,
        None,
        9,
        None,
    ]


def test_a_row_that_is_too_old_counts_as_absent() -> None:
    rows = features([("a", 10, 1)])
    assert joined(labels([("a", 40), ("a", 41)]), rows, timedelta(minutes=30)) == [1, None]


def test_no_rows_at_all() -> None:
    assert joined(labels([("a", 1)]), features([])) == [None]


@pytest.mark.parametrize("seed", range(20))
def test_it_agrees_with_the_definition(seed: int) -> None:
    draw = random.Random(seed)
    moments = {(draw.choice("abcd"), draw.randrange(60)) for _ in range(40)}
    rows = [(user, minute, number) for number, (user, minute) in enumerate(sorted(moments))]
    draw.shuffle(rows)
    asked = [(draw.choice("abcde"), draw.randrange(70)) for _ in range(50)]

    def expected(user: str, minute: int) -> int | None:
        held = [(since, value) for who, since, value in rows if who == user and since <= minute]
        return max(held)[1] if held else None

    assert joined(labels(asked), features(rows)) == [expected(*label) for label in asked]


def test_the_newest_row_of_each_entity_holds_by_then() -> None:
    rows = features([("a", 10, 1), ("a", 20, 2), ("b", 5, 9), ("c", 30, 7)])
    newest = BACKEND.newest(rows, "user", at(15))
    assert newest.to_pydict()["value"] == [1, 9]


def test_a_label_without_a_time_sees_nothing() -> None:
    rows = features([("a", 0, 1), ("a", 300, 2)])
    times = pa.array([at(60), None], pa.timestamp("us", "UTC"))
    assert joined(pa.table({"who": ["a", "a"], "when": times}), rows) == [1, None]
    assert joined(pa.table({"who": ["a", "a"], "when": times}), rows, timedelta(days=1)) == [1, None]


def test_nanoseconds_are_rounded_down() -> None:
    rows = features([("a", 10, 1)])
    ten = int(at(10).timestamp()) * 10**9
    times = pa.array([ten - 1, ten, ten + 1], pa.timestamp("ns", "UTC"))
    assert joined(pa.table({"who": ["a"] * 3, "when": times}), rows) == [None, 1, 1]


def test_a_time_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(FeatureStoreError, match="when: holds string; give the time of each label as a timestamp"):
        joined(pa.table({"who": ["a"], "when": ["2026-01-01T00:00:00Z"]}), features([("a", 10, 1)]))
