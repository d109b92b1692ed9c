"""A feature store in a folder, with events that a test makes and a view that the job makes of them."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlstack_features import VALID_FROM
from mlstack_features.compute import compute, parse_view
from mlstack_features.job import run

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SPECS = json.loads((Path(__file__).parents[2] / "stream_tests/specs.json").read_text())
USERS, SESSIONS = (
    next(view for view in SPECS["views"] if view["name"] == name) for name in ("user_activity", "session_activity")
)
START = datetime(2026, 1, 5, tzinfo=UTC)


class Store:
    """A feature store in a folder, with a table of events."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.uri = f"file://{folder}"

    def events(self, *made: tuple[str, int, float, str]) -> None:
        """Add events: id, user, hours after the start, kind."""
        rows = [(key, user, START + timedelta(hours=hours), kind, f"s{user}") for key, user, hours, kind in made]
        frame = self.spark.createDataFrame(
            rows, "event_id string, user_id long, timestamp timestamp, event string, session_id string"
        ).selectExpr("*", "current_timestamp() kafka_time", "date_format(timestamp, 'yyyy-MM-dd') event_date")
        options = {"hoodie.table.name": "clickstream_events", "hoodie.datasource.write.operation": "upsert"}
        frame.write.format("hudi").options(**options, **SPECS["contract"]["hudi"]).mode("append").save(
            f"{self.uri}/clickstream_events"
        )

    def run(self, hours: float, view: dict[str, Any] = USERS, *, rebuild: bool = False) -> dict[str, Any]:
        """Run the job of a view at a time."""
        until = (START + timedelta(hours=hours)).isoformat()
        options = argparse.Namespace(
            view=json.dumps(view), feature_store=self.uri, until=until, all=False, source_instant=None, rebuild=rebuild
        )
        return dict(run(self.spark, options))

    def rows(self) -> list[tuple[Any, ...]]:
        """The view's rows, as Spark reads them."""
        frame = self.spark.read.format("hudi").load(f"{self.uri}/user_activity")
        return sorted(tuple(row) for row in frame.select("user_id", VALID_FROM, "events_1h", "events_1d").collect())

    def from_scratch(self, hours: float) -> list[tuple[Any, ...]]:
        """Expected rows of the view: computed from all events at once."""
        events = self.spark.read.format("hudi").load(f"{self.uri}/clickstream_events")
        rows = compute(events, parse_view(json.dumps(USERS)), START + timedelta(hours=hours))
        return sorted(tuple(row) for row in rows.select("user_id", VALID_FROM, "events_1h", "events_1d").collect())


def buyers(spark: SparkSession, folder: Path) -> Store:
    """Users of whom every third buys every day, and their view."""
    made = Store(spark, folder)
    made.events(
        *(
            (f"{user}-{day}-{kind}", user, 24 * day + user / 60, kind)
            for user in range(60)
            for day in range(3)
            for kind in (("catalog", "purchase") if user % 3 == 0 else ("catalog",))
        )
    )
    made.run(80)
    return made
