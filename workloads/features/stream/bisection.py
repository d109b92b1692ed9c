"""Finding the records for which a batch fails, whatever refuses them: halves are tried down to single records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""


@dataclass(frozen=True)
class Span:
    """Records of a partition, from an offset up to another that is not among them."""

    topic: str
    partition: int
    start: int
    end: int

    def __len__(self) -> int:
        """Number of offsets in the span."""
        return self.end - self.start


def condemned(
    spans: Sequence[Span],
    attempt: Callable[[Sequence[Span]], None],
    explain: Callable[[BaseException], str],
    *,
    most: int,
) -> dict[Place, str]:
    """The records that fail alone, each with its reason; `attempt` takes the others, in the order of their offsets.

    @raises Exception the last failure, once more than `most` records fail: then they are not what is at fault
    """
    found: dict[Place, str] = {}
    for span, error in _failures(spans, attempt):
        found[(span.topic, span.partition, span.start)] = explain(error)
        if len(found) > most:
            raise error
    return found


def _failures(spans: Sequence[Span], attempt: Callable[[Sequence[Span]], None]) -> Iterator[tuple[Span, Exception]]:
    try:
        attempt(spans)
        return
    except Exception as failure:  # noqa: BLE001 - whatever refuses a record, the record is found by it
        error = failure
    if sum(map(len, spans)) <= 1:
        yield next(span for span in spans if len(span)), error
        return
    for half in _halves(spans):
        yield from _failures(half, attempt)


def _halves(spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    left: list[Span] = []
    right: list[Span] = []
    room = sum(map(len, spans)) // 2
    for span in spans:
        middle = span.start + min(room, len(span))
        room -= middle - span.start
        if middle > span.start:
            left.append(Span(span.topic, span.partition, span.start, middle))
        if middle < span.end:
            right.append(Span(span.topic, span.partition, middle, span.end))
    return left, right
