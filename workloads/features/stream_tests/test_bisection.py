"""Tests of the records for which a batch is found to fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from stream.bisection import Span, condemned

SPANS = [Span("t", 0, 5, 70), Span("t", 1, 0, 0), Span("t", 2, 100, 133)]


def table(poison: set[tuple[int, int]], written: list[tuple[int, int]]) -> Callable[[Sequence[Span]], None]:
    """Takes spans unless one of their records is poison."""

    def attempt(spans: Sequence[Span]) -> None:
        places = [(span.partition, offset) for span in spans for offset in range(span.start, span.end)]
        if poison & set(places):
            raise ValueError("no")
        written.extend(places)

    return attempt


@pytest.mark.parametrize(
    "poison",
    [set(), {(0, 5)}, {(0, 69), (2, 100)}, {(2, 132)}, {(0, offset) for offset in range(5, 70)}],
)
def test_every_record_is_written_or_condemned(poison: set[tuple[int, int]]) -> None:
    written: list[tuple[int, int]] = []
    found = condemned(SPANS, table(poison, written), str, most=100)
    assert found == {("t", *place): "no" for place in poison}
    everything = {(span.partition, offset) for span in SPANS for offset in range(span.start, span.end)}
    assert set(written) == everything - poison
    assert written == sorted(written)


def test_a_table_that_takes_nothing_condemns_nobody() -> None:
    everything = {(span.partition, offset) for span in SPANS for offset in range(span.start, span.end)}
    with pytest.raises(ValueError, match="no"):
        condemned(SPANS, table(everything, []), str, most=10)
