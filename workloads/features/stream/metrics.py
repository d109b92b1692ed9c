"""Metrics of an ingestion for Prometheus: pushed after each batch, so that both modes report the same ones."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mlstack_features.pushing import push
from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics
from pyspark.sql.streaming.listener import (
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)

from stream.checkpoint import Offsets

disable_created_metrics()  # type: ignore[no-untyped-call]


class StreamMetrics(StreamingQueryListener):
    """The metrics `mlstack_stream_…` of one run; its counters begin at nothing."""

    def __init__(self, stream: str) -> None:
        self.job = f"ingest-{stream}"
        self.registry = CollectorRegistry()
        self._stream = stream
        self._records = self._counter("records", "Records taken from the topic.")
        self._rows = self._counter("rows", "Records accepted, and so rows of the table before doubles are left out.")
        self._commits = self._counter("commits", "Commits to the table.")
        self._rejected = Counter(
            "mlstack_stream_rejected",
            "Records among the dead letters, by the first reason of each.",
            ("stream", "reason"),
            registry=self.registry,
        )
        self._lag_records = self._gauge("lag_records", "Records of the topic that the newest batch did not reach.")
        self._lag_seconds = self._gauge("lag_seconds", "Age of the newest record of a batch when it was committed.")
        self._batch_seconds = self._gauge("batch_seconds", "What the newest batch took from its records to its commit.")
        self._committed = self._gauge("commit_timestamp_seconds", "When the newest batch was committed.")

    def batch(self, reasons: Mapping[str | None, int], newest: datetime | None, seconds: float) -> None:
        """Count a batch that is committed: its records by reason, `None` for accepted ones, and its newest's time."""
        accepted = reasons.get(None, 0)
        self._records.inc(sum(reasons.values()))
        self._rows.inc(accepted)
        self._commits.inc(1 if accepted else 0)
        for reason, count in reasons.items():
            if reason is not None:
                self._rejected.labels(self._stream, reason).inc(count)
        if newest is not None:
            self._lag_seconds.set(max(0.0, time.time() - newest.timestamp()))
        self._batch_seconds.set(seconds)
        self._committed.set_to_current_time()

    def progress(self, progress: Mapping[str, Any]) -> None:
        """Push what was counted, with how far the source says that it is behind: Spark's JSON of a query's progress."""
        for source in progress["sources"]:
            behind = lag(source.get("endOffset"), source.get("latestOffset"))
            if behind is not None:
                self._lag_records.set(behind)
        self.push()

    def push(self) -> None:
        """Push what was counted."""
        push(self.job, self.registry)

    def onQueryStarted(self, event: QueryStartedEvent) -> None:
        """Nothing is measured yet."""

    def onQueryProgress(self, event: QueryProgressEvent) -> None:
        """Spark reports each batch once it is done."""
        self.progress(json.loads(event.progress.json))

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:
        """The run itself pushes what it ends with."""

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(f"mlstack_stream_{name}", text, ("stream",), registry=self.registry).labels(self._stream)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"mlstack_stream_{name}", text, ("stream",), registry=self.registry).labels(self._stream)


def lag(reached: Offsets | None, latest: Offsets | None) -> int | None:
    """Records between two offsets of Kafka's source; `None` where it does not tell both."""
    if reached is None or latest is None:
        return None
    return sum(
        max(0, offset - reached.get(topic, {}).get(partition, 0))
        for topic, partitions in latest.items()
        for partition, offset in partitions.items()
    )
